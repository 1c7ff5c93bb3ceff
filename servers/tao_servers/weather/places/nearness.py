"""The names that a mistyped one may have been meant to be."""

from tao_servers.weather.places.keys import bare_han, has_han, place_key
from tao_servers.weather.places.matching import LONGEST, pieces
from tao_servers.weather.places.table import Row, Table

__all__ = ["near_rows"]

_MOST = 3
_TRIED = 200
_SEEN = {True: 0.4, False: 0.65}
_LIKE = 0.6


def near_rows(table: Table, text: str) -> list[Row]:
    """Up to three places whose names sound or look like the text."""
    if len(text.strip()) > LONGEST:
        return []
    found: dict[int, Row] = {}
    for part in pieces(text)[:3]:
        key = place_key(part)
        for row in [*_homophones(table, key), *_lookalikes(table, key)]:
            found.setdefault(row.id, row)
        if found:
            break
    return list(found.values())[:_MOST]


def _homophones(table: Table, key: str) -> list[Row]:
    if not has_han(key):
        return []
    readings = table.readings(key)
    sounds = "".join(readings.get(character, "?") for character in key)
    return [row for row in table.named(sounds) if row.zh and len(place_key(row.zh)) - len(key) in (0, 1)][:2]


def _lookalikes(table: Table, key: str) -> list[Row]:
    from rapidfuzz import process  # only a name that is not found needs it
    from rapidfuzz.distance import OSA

    han = has_han(key)
    best: dict[int, float] = {}
    for name in {key, bare_han(key) or key} if han else {key}:
        known = [
            entry for entry in table.keys(max(2, len(name) - 2), len(name) + 2) if has_han(entry[0]) == han
        ]
        close = process.extract(
            name,
            [entry[0] for entry in known],
            scorer=OSA.normalized_similarity,
            score_cutoff=_SEEN[han],
            limit=_TRIED,
        )
        for other, seen, number in close:
            likeness = (seen + _heard(table, name, other)) / 2 if han else seen
            _, place, weight = known[number]
            if likeness >= _LIKE:
                # A large city one letter off is likelier than a village one letter off.
                best[place] = max(best.get(place, 0.0), likeness + weight / 20_000)
    ranked = sorted(best, key=lambda place: (-best[place], place))
    return [table.row(place) for place in ranked[:_MOST]]


def _heard(table: Table, name: str, other: str) -> float:
    from rapidfuzz.distance import OSA

    readings = table.readings("".join(sorted({*name, *other})))
    sounds = ["".join(readings.get(character, character) for character in text) for text in (name, other)]
    return float(OSA.normalized_similarity(*sounds))
