"""Jupyter notebooks: their cells in order, as Markdown."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading import html
from tao_servers.knowledge.loading.encodings import decode
from tao_servers.knowledge.loading.errors import RefusedError
from tao_servers.knowledge.loading.limits import check_length
from tao_servers.knowledge.loading.markdown import document_of, without_pictures
from tao_servers.knowledge.loading.options import Options

__all__ = ["read"]

_TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_FENCES = re.compile(r"^\s*(`{3,})", re.MULTILINE)


def read(data: bytes, *, name: str, options: Options) -> Document:
    """Read text, code and what the code printed; pictures are left out, and counted in `unread`."""
    decoded = decode(data)
    try:
        notebook = json.loads(decoded.text)
        cells = _cells(notebook)
    except (ValueError, AttributeError, LookupError, TypeError) as exc:
        raise RefusedError(f"it is not a notebook ({exc}); save it anew in Jupyter") from exc
    language = _language(notebook)
    text, embedded = without_pictures(
        "\n\n".join(block for cell in cells for block in _blocks(cell, language))
    )
    pictures = sum(_pictures(cell) for cell in cells)
    unread = decoded.unread + embedded + ((f"{pictures} pictures in its outputs",) if pictures else ())
    checked = check_length(text + "\n" if text else "", options)
    return document_of(checked, language=language, unread=unread)


def _cells(notebook: Any) -> list[dict[str, Any]]:
    # The third version of the format kept its cells in worksheets.
    cells = notebook["worksheets"][0]["cells"] if "worksheets" in notebook else notebook["cells"]
    return [cell for cell in cells if isinstance(cell, dict)]


def _language(notebook: Any) -> str:
    metadata = notebook.get("metadata") or {}
    known = (metadata.get("language_info") or {}).get("name")
    return str(known or (metadata.get("kernelspec") or {}).get("language") or "python").lower()


def _blocks(cell: dict[str, Any], language: str) -> Iterator[str]:
    source = _text(cell.get("source", cell.get("input")))
    if cell.get("cell_type") != "code":
        level = cell.get("level")
        mark = "#" * level + " " if cell.get("cell_type") == "heading" and isinstance(level, int) else ""
        yield mark + source
        return
    if source.strip():
        yield _fenced(source, language)
    for output in _outputs(cell):
        said = _TERMINAL_COLOURS.sub("", _said(output)).strip("\n")
        if said.strip():
            yield _fenced(said, "")


def _outputs(cell: dict[str, Any]) -> list[dict[str, Any]]:
    outputs = cell.get("outputs")
    return [output for output in outputs if isinstance(output, dict)] if isinstance(outputs, list) else []


def _said(output: dict[str, Any]) -> str:
    if output.get("output_type") in ("error", "pyerr"):
        return f"{output.get('ename')}: {output.get('evalue')}"
    kinds = output.get("data")
    if isinstance(kinds, dict):
        plain = _text(kinds.get("text/plain", kinds.get("text/markdown")))
        return plain or _seen(_text(kinds.get("text/html")))
    return _text(output.get("text"))


def _seen(page: str) -> str:
    """What is seen of an output that is HTML alone; a drawing made by a script shows nothing here."""
    try:
        # The mark outweighs whatever encoding the page names.
        return html.read(page.encode("utf-8-sig", "replace"), name="output.html", options=Options()).text
    except RefusedError:
        return ""


def _pictures(cell: dict[str, Any]) -> int:
    kinds = [output.get("data") or output for output in _outputs(cell)]
    return sum(any(key.startswith("image/") or key == "png" for key in kind) for kind in kinds)


def _text(value: Any) -> str:
    text = "".join(map(str, value)) if isinstance(value, list) else value if isinstance(value, str) else ""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _fenced(text: str, language: str) -> str:
    longest = max((len(fence) for fence in _FENCES.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
