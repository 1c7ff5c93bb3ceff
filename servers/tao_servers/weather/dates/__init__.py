"""Days and times as people say them, in Chinese and English."""

from tao_servers.weather.dates.reading import UnreadableTime, When, read_when

__all__ = ["UnreadableTime", "When", "read_when"]
