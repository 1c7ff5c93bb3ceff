"""Reads what stands beside the running text of an office file: pictures, charts, diagrams."""

from collections.abc import Iterator
from typing import Any

from tao_servers.knowledge.loading.markup import attribute, local
from tao_servers.knowledge.loading.ocr import PictureReader
from tao_servers.knowledge.loading.office_package import Package
from tao_servers.knowledge.loading.tables import Cell

__all__ = ["Drawings", "texts"]

_MOST_POINTS = 10_000
_REFERENCES = {"blip": "embed", "imagedata": "id", "chart": "id", "relIds": "dm"}


def texts(node: Any, name: str = "t") -> str:
    """Return the text of all elements called `name` below `node`."""
    return "".join(part.text or "" for part in node.iter() if local(part) == name)


class Drawings:
    """What the drawings of one file say; each picture and chart is read once."""

    def __init__(self, package: Package, pictures: PictureReader) -> None:
        self._package = package
        self._pictures = pictures
        self._seen: set[str] = set()

    def lines(self, node: Any, relations: dict[str, tuple[str, str]]) -> Iterator[str | list[list[Cell]]]:
        """Yield the text of the drawings below `node` of a part with `relations`, tables as rows."""
        for part in node.iter():
            name = local(part)
            if name in {"docPr", "cNvPr"} and (part.get("descr") or "").strip():
                yield from self._description(part)
            key = _REFERENCES.get(name)
            target = relations.get((attribute(part, key) if key else None) or "", ("", ""))[1]
            if target and target not in self._seen:
                self._seen.add(target)
                yield from self._read(name, target)

    def _description(self, part: Any) -> Iterator[str]:
        text = part.get("descr").strip()
        if text not in self._seen:
            self._seen.add(text)
            yield text

    def _read(self, name: str, target: str) -> Iterator[str | list[list[Cell]]]:
        if name in {"blip", "imagedata"}:
            yield self._pictures.embedded(self._package.bytes(target))
        elif (root := self._package.xml(target)) is None:
            return
        elif name == "chart":
            yield from _chart(root)
        else:
            yield from (texts(point) for point in root.iter() if local(point) == "pt")


def _chart(root: Any) -> Iterator[str | list[list[Cell]]]:
    for node in root.iter():
        if local(node) == "title":
            yield texts(node)
    series = [node for node in root.iter() if local(node) == "ser"]
    if series:
        columns = [_points(series[0], ("cat", "xVal")), *(_points(one, ("val", "yVal")) for one in series)]
        rows: list[list[Cell]] = [["", *(_first(_points(one, ("tx",))) for one in series)]]
        length = min(max(max(column, default=-1) for column in columns) + 1, _MOST_POINTS)
        rows += [[column.get(at, "") for column in columns] for at in range(length)]
        yield rows


def _points(series: Any, names: tuple[str, ...]) -> dict[int, str]:
    """The cached values, by their number: those of cells that are empty are not there."""
    found: dict[int, str] = {}
    for part in series:
        if local(part) in names:
            for point in part.iter():
                if local(point) == "pt" and (point.get("idx") or "").isdigit():
                    found.setdefault(int(point.get("idx")), texts(point, "v"))
    return found


def _first(points: dict[int, str]) -> str:
    return next(iter(points.values()), "")
