"""A place, and what was found for a name."""

from dataclasses import dataclass

__all__ = ["Found", "Place"]


@dataclass(frozen=True, slots=True)
class Place:
    """A point with a name: degrees, an IANA time zone (never empty), an ISO 3166 country code or ''.

    `path` is what it lies in, from the narrowest outwards (`("北京市", "中国")`), in the language of the
    question; `population` is 0 where it is not known.
    """

    name: str
    path: tuple[str, ...]
    latitude: float
    longitude: float
    time_zone: str
    country: str = ""
    population: int = 0

    @property
    def label(self) -> str:
        """The name and what it lies in."""
        return ", ".join((self.name, *self.path))


@dataclass(frozen=True, slots=True)
class Found:
    """The place that is meant, others of the same name, and what the reader must know of the choice."""

    place: Place
    same_name: tuple[Place, ...] = ()
    note: str | None = None
