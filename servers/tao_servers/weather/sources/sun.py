"""Sunrise and sunset, computed, for the sources that do not give them."""

import datetime
from zoneinfo import ZoneInfo

from tao_servers.weather.sources.source import Spot

__all__ = ["sun_times"]


def sun_times(spot: Spot, date: datetime.date) -> tuple[datetime.datetime | None, datetime.datetime | None]:
    """Sunrise and the sunset that follows it, to the minute; both None where the sun does not rise or set."""
    from astral import Observer
    from astral.sun import sunrise, sunset

    observer = Observer(spot.latitude, spot.longitude)
    zone = ZoneInfo(spot.time_zone)
    try:
        rise = sunrise(observer, date, tzinfo=zone)
        set_ = sunset(observer, date, tzinfo=zone)
        if set_ <= rise:
            # Near the polar circle in summer, the sunset of a day comes after midnight.
            set_ = sunset(observer, date + datetime.timedelta(days=1), tzinfo=zone)
    except ValueError:
        # How astral says that the sun stays up, or down, all day.
        return None, None
    return _minute(rise), _minute(set_)


def _minute(time: datetime.datetime) -> datetime.datetime:
    return (time + datetime.timedelta(seconds=30)).replace(second=0, microsecond=0)
