"""Sources of weather that give one report, whoever asks."""

import datetime
from collections.abc import Mapping
from typing import Any

from tao_prompts import Language
from tao_servers.weather.errors import WeatherError
from tao_servers.weather.sources import Answer
from tao_servers.weather.sources.source import Failure, Fetch, Reply, SourceError, Span, Spot, Wanted
from tao_servers.weather.values import Hour, Report

__all__ = ["GivenReport"]


class GivenReport:
    """The report, how old it is and what was tried before it, or an error; the last question is kept."""

    def __init__(
        self,
        *,
        now: datetime.datetime,
        tried: tuple[tuple[str, Failure], ...] = (),
        stale_seconds: int | None = None,
        error: str | None = None,
        current: Hour | None = None,
        **report: Any,
    ) -> None:
        fetched = now - datetime.timedelta(seconds=stale_seconds or 0)
        frame = {"source": "met.no", "attribution": "MET Norway, CC BY 4.0", "time_zone": "Asia/Shanghai"}
        made = Report.model_validate(
            {**frame, "fetched": fetched, "expires": fetched, "now": current, **report}
        )
        self._answer = Answer(made, tried, stale_seconds)
        self._error = error
        self.asked: tuple[Spot, Span, Wanted] | None = None

    @property
    def fetch(self) -> Fetch:
        """Nothing can be reached."""
        return _unreachable

    async def ask(self, spot: Spot, span: Span, wanted: Wanted, *, language: Language) -> Answer:
        """The report, whatever is asked for."""
        self.asked = (spot, span, wanted)
        if self._error is not None:
            raise WeatherError(self._error)
        return self._answer


async def _unreachable(
    url: str,
    params: Mapping[str, str | int | float],
    *,
    keep: datetime.timedelta,
    headers: Mapping[str, str] | None = None,
    secret: frozenset[str] = frozenset(),
) -> Reply:
    raise SourceError("unreachable")
