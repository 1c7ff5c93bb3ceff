"""What an xlsx sheet has beside its cells: comments, text boxes, charts, pictures."""

from collections.abc import Iterator

from tao_servers.knowledge.loading.drawings import Drawings, texts
from tao_servers.knowledge.loading.markup import local, relation_id
from tao_servers.knowledge.loading.ocr import PictureReader
from tao_servers.knowledge.loading.office_package import Package
from tao_servers.knowledge.loading.tables import Cell

__all__ = ["Extra", "extras"]

Extra = str | list[list[Cell]]


def extras(package: Package, pictures: PictureReader) -> dict[str, list[Extra]]:
    """Return what stands beside the cells, by the name of the sheet; tables as rows."""
    drawings = Drawings(package, pictures)
    found: dict[str, list[Extra]] = {}
    for workbook in package.related("", "officeDocument"):
        root = None if workbook.endswith(".bin") else package.xml(workbook)
        relations = package.relations(workbook)
        for node in root.iter() if root is not None else ():
            if local(node) == "sheet":
                part = relations.get(relation_id(node), ("", ""))[1]
                found[node.get("name", "")] = list(_of_sheet(package, drawings, part))
    return found


def _of_sheet(package: Package, drawings: Drawings, part: str) -> Iterator[Extra]:
    for kind, target in package.relations(part).values() if part else ():
        if kind == "comments" and (root := package.xml(target)) is not None:
            yield from (
                f"{node.get('ref')}: {texts(node)}" for node in root.iter() if local(node) == "comment"
            )
        elif kind == "drawing" and (root := package.xml(target)) is not None:
            yield from (texts(node) for node in root.iter() if local(node) == "p")
            yield from drawings.lines(root, package.relations(target))
