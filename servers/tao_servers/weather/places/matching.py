"""Which places of the table a text can mean."""

import re
import unicodedata

from tao_servers.weather.places.keys import bare_english, bare_han, has_han, place_key
from tao_servers.weather.places.table import AREAS, GREATER_CHINA, Row, Table, distance

__all__ = ["LONGEST", "container", "matches", "pieces"]

LONGEST = 100
_CLOSE_KM = 50
_CONTIGUOUS = 36
_PARTS = 6
_SEPARATORS = re.compile(r"[,;、/|\n\t]+")


def pieces(text: str) -> list[str]:
    """The parts that commas, or spaces in Chinese, set apart."""
    plain = unicodedata.normalize("NFKC", text)
    parts = [part.strip() for part in _SEPARATORS.split(plain)]
    if has_han(plain):
        parts = [word for part in parts for word in part.split()]
    return [part for part in parts if place_key(part)]


def matches(table: Table, text: str) -> list[Row]:
    """The places that the text names, the likeliest first; none where it is longer than any name."""
    if len(text.strip()) > LONGEST:
        return []
    parts = pieces(text)
    if len(parts) <= 1:
        return _joined(table, parts[0]) if parts else []
    named = [_joined(table, part) for part in parts[:_PARTS]]
    found: dict[int, Row] = {}
    for number, rows in enumerate(named):
        around = named[:number] + named[number + 1 :]
        found |= {row.id: row for row in rows if all(_inside(table, row, hint) for hint in around)}
    # 乌兰 察布 may just be spaced.
    return _ranked(list(found.values())) or _joined(table, "".join(parts))


def _inside(table: Table, row: Row, hint: list[Row]) -> bool:
    """Whether the place lies in, or close to, one of the places that the hint names."""
    around = _ids(table, row)
    for outer in hint:
        if outer.id in around or (
            outer.country == "CN" and outer.level == "N" and row.country in GREATER_CHINA
        ):
            return True
        if outer.level not in AREAS and outer.country == row.country and outer.weight > row.weight:
            apart = distance(row.latitude, row.longitude, outer.latitude, outer.longitude)
            if apart < _CLOSE_KM:
                return True
    return False


def _joined(table: Table, text: str) -> list[Row]:
    """A text without commas: one name, or one name and what it lies in written together."""
    if found := _named(table, place_key(text)):
        return found
    if not has_han(text):
        return _words(table, text.split())
    key = place_key(text)
    return _split(table, key) if len(key) <= _CONTIGUOUS else []


def _named(table: Table, key: str) -> list[Row]:
    if found := table.named(key):
        return found
    bare = bare_han(key) if has_han(key) else bare_english(key)
    return table.named(bare) if bare else []


def _words(table: Table, words: list[str]) -> list[Row]:
    """`Springfield Illinois`, `Beijing Chaoyang`: the longest name that lies in the rest."""
    if not 2 <= len(words) <= 6:
        return []
    for count in range(len(words) - 1, 0, -1):
        for name, hint in ((words[:count], words[count:]), (words[-count:], words[:-count])):
            around = {row.id for row in _named(table, place_key(" ".join(hint)))}
            found = [row for row in _named(table, place_key(" ".join(name))) if around & _ids(table, row)]
            if found:
                return found
    return []


def _split(table: Table, key: str, known: dict[str, list[Row]] | None = None) -> list[Row]:
    """北京朝阳, 广东省深圳市南山区: the widest name first, each in the one before it."""
    known = {} if known is None else known
    if key not in known:
        known[key] = _split_once(table, key, known)
    return known[key]


def _split_once(table: Table, key: str, known: dict[str, list[Row]]) -> list[Row]:
    for length in range(len(key) - 2, 1, -1):
        rest = key[length:]
        if (outer := _named(table, key[:length])) and (
            found := _within(table, _named(table, rest) or _split(table, rest, known), outer)
        ):
            return found
    # 和平区天津: the other way round.
    for length in range(len(key) - 2, 1, -1):
        if (inner := _named(table, key[:length])) and (
            found := _within(table, inner, _named(table, key[length:]))
        ):
            return found
    return []


def _within(table: Table, inner: list[Row], outer: list[Row]) -> list[Row]:
    ids = {row.id for row in outer}
    china = any(row.level == "N" and row.country == "CN" for row in outer)
    return [row for row in inner if ids & _ids(table, row) or (china and row.country in GREATER_CHINA)]


def container(table: Table, text: str) -> Row | None:
    """The Chinese city or district that an address begins with or says after a comma, the narrowest."""
    found: list[Row] = []
    for part in pieces(text)[:_PARTS]:
        key = place_key(part)
        for length in range(min(len(key), _CONTIGUOUS), 1, -1):
            if has_han(key) and (rows := matches(table, key[:length])):
                found.append(rows[0])
                break
    cities = [row for row in found if row.level not in AREAS]
    return min(cities, key=lambda row: row.weight, default=None)


def _ids(table: Table, row: Row) -> set[int]:
    return {outer.id for outer in table.around(row)}


def _ranked(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (-row.score, -row.population, row.id))
