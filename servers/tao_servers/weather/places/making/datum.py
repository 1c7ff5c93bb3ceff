"""Chinese map coordinates (GCJ-02) turned into WGS-84."""

import math

__all__ = ["wgs84"]

# The ellipsoid of Krasovsky 1940, on which the offset is defined.
_AXIS = 6378245.0
_ECCENTRICITY = 0.00669342162296594323


def wgs84(latitude: float, longitude: float) -> tuple[float, float]:
    """Take the offset off, which is computed at the shifted point: right to some metres."""
    x, y = longitude - 105, latitude - 35
    ripple = 20 * (math.sin(6 * math.pi * x) + math.sin(2 * math.pi * x))
    root = math.sqrt(abs(x))
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += 2 / 3 * (ripple + _waves(y, (20, 1), (40, 3), (160, 12), (320, 30)))
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += 2 / 3 * (ripple + _waves(x, (20, 1), (40, 3), (150, 12), (300, 30)))
    phi = math.radians(latitude)
    bend = 1 - _ECCENTRICITY * math.sin(phi) ** 2
    meridian = _AXIS * (1 - _ECCENTRICITY) / bend**1.5
    parallel = _AXIS / math.sqrt(bend) * math.cos(phi)
    return latitude - math.degrees(north / meridian), longitude - math.degrees(east / parallel)


def _waves(value: float, *terms: tuple[int, int]) -> float:
    return sum(height * math.sin(value / length * math.pi) for height, length in terms)
