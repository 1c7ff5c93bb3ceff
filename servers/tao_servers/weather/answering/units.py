"""Metric and imperial units: what a field's name ends in, what is written behind a number."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Quantity", "Unit", "UnitSystem", "units_of"]

UnitSystem = Literal["metric", "imperial"]
Quantity = Literal["temperature", "rain", "wind", "percent", "degrees"]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit, made from the metric one by a factor and an offset."""

    field: str
    symbol: str
    factor: float = 1.0
    offset: float = 0.0
    digits: int = 1

    def of(self, metric: float) -> float:
        """The value in this unit, rounded to what is worth saying."""
        # Plus zero, so that -0.04 °C is not told as -0 °C.
        return round(metric * self.factor + self.offset, self.digits) + 0.0


_PLAIN: dict[Quantity, Unit] = {"percent": Unit("percent", "%"), "degrees": Unit("degrees", "°", digits=0)}
_SYSTEMS: dict[UnitSystem, dict[Quantity, Unit]] = {
    "metric": {
        "temperature": Unit("celsius", "°C"),
        "rain": Unit("mm", "mm"),
        "wind": Unit("kmh", "km/h"),
        **_PLAIN,
    },
    "imperial": {
        "temperature": Unit("fahrenheit", "°F", 1.8, 32.0),
        "rain": Unit("inch", "in", 1 / 25.4, digits=2),
        "wind": Unit("mph", "mph", 1 / 1.609344),
        **_PLAIN,
    },
}


def units_of(system: UnitSystem) -> dict[Quantity, Unit]:
    """The unit of each quantity."""
    return _SYSTEMS[system]
