"""The sources that the settings name, in their order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from tao.settings import WeatherSettings, WeatherSource
from tao_servers.weather.sources.amap import AMap
from tao_servers.weather.sources.metno import MetNo
from tao_servers.weather.sources.nws import Nws
from tao_servers.weather.sources.openmeteo import OpenMeteo
from tao_servers.weather.sources.qweather import QWeather
from tao_servers.weather.sources.source import Fetch, Source, SourceError, Wanted

__all__ = ["Available", "available_sources", "could_give"]


@dataclass(frozen=True, slots=True)
class Available:
    """Sources to ask; those whose key is set and empty, which is a mistake; and those never set up."""

    sources: tuple[Source, ...]
    broken: tuple[tuple[str, SourceError], ...] = ()
    unset: tuple[tuple[str, SourceError], ...] = ()


def available_sources(settings: WeatherSettings, keys: Mapping[str, str], fetch: Fetch) -> Available:
    """Make what `settings` names; `keys` holds the keys by source."""
    agent = _user_agent(settings.contact)
    makers: dict[WeatherSource, Callable[[], Source]] = {
        "open-meteo": lambda: OpenMeteo(
            fetch, forecast_url=settings.forecast_url, air_quality_url=settings.air_quality_url
        ),
        "met.no": lambda: MetNo(fetch, url=settings.metno_url, user_agent=agent),
        "nws": lambda: Nws(fetch, url=settings.nws_url, user_agent=agent),
        "qweather": lambda: QWeather(fetch, url=settings.qweather_url, key=keys.get("qweather")),
        "amap": lambda: AMap(fetch, url=settings.amap_url, key=keys.get("amap")),
    }
    missing = _missing(settings, keys)
    wanted = tuple(dict.fromkeys(settings.sources))
    lacking = tuple((name, missing[name]) for name in wanted if name in missing)
    variables = _key_variables(settings)
    return Available(
        sources=tuple(makers[name]() for name in wanted if name not in missing),
        broken=tuple((name, error) for name, error in lacking if variables[name]),
        unset=tuple((name, error) for name, error in lacking if not variables[name]),
    )


def _key_variables(settings: WeatherSettings) -> dict[str, str | None]:
    return {"qweather": settings.qweather_key_env, "amap": settings.amap_key_env}


def _missing(settings: WeatherSettings, keys: Mapping[str, str]) -> dict[str, SourceError]:
    """What each source that cannot be asked lacks."""
    missing = {
        name: SourceError("no key", f"{variable} is not in the environment" if variable else "none is set")
        for name, variable in _key_variables(settings).items()
        if not keys.get(name)
    }
    if "qweather" not in missing and not settings.qweather_url:
        missing["qweather"] = SourceError("no key", "TAO_WEATHER_QWEATHER_URL must name the host of the key")
    return missing


def could_give(name: str, wanted: Wanted) -> bool:
    """Whether the source of that name, once it has its key, can be asked for it."""
    gives = {AMap.name: AMap.gives, QWeather.name: QWeather.gives}.get(name)
    return gives is None or wanted in gives


def _user_agent(contact: str | None) -> str:
    """What MET Norway and NWS ask for: the application, and whom to write to (one line of ASCII)."""
    try:
        release = version("tao-agent")
    except PackageNotFoundError:
        release = "0"
    reachable = "".join(c for c in contact or "" if c.isascii() and c.isprintable())
    return f"tao-agent/{release} {reachable}".strip()
