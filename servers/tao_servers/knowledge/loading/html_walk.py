"""Walks the elements of a web page or a book's chapter and builds the text that a person would see."""

import re
from typing import Any

from tao_servers.knowledge.loading.html_tables import is_layout, table_rows
from tao_servers.knowledge.loading.markup import local, lxml
from tao_servers.knowledge.loading.text_building import TextBuilder

__all__ = ["HEADINGS", "is_hidden", "walk"]

HEADINGS = {f"h{level}": level for level in range(1, 7)}
_UNSEEN = {
    "script",
    "style",
    "template",
    "noscript",
    "head",
    "iframe",
    "object",
    "canvas",
    "datalist",
    "annotation",
}
_HIDING = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_PARAGRAPHS = {"p", "blockquote", "pre", "table", "ul", "ol", "dl", "figure", "section", "article", "form"}
_PARAGRAPHS |= {
    "header",
    "footer",
    "nav",
    "main",
    "aside",
    "details",
    "fieldset",
    "hr",
    "address",
    "menu",
    "body",
}
_LINES = {"div", "li", "dt", "dd", "tr", "td", "th", "caption", "figcaption", "summary", "option", "legend"}
_LINES |= {"optgroup", "thead", "tbody", "tfoot", "center", "label", "button", "textarea", "hgroup", "search"}
_SPACES = re.compile(r"[ \t\r\n\f]+")


def is_hidden(node: Any) -> bool:
    """Say whether an element is not shown, whatever is in it."""
    if local(node) in _UNSEEN or node.get("hidden") is not None:
        return True
    return _HIDING.search(node.get("style") or "") is not None


def walk(root: Any, builder: TextBuilder) -> None:
    """Add what is seen of `root` to `builder`.

    Elements are walked without recursion: pages of thousands of nested elements exist.
    """
    walker = _Walker(builder)
    events = lxml().iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, node in events:
        if event in {"comment", "pi"}:
            walker.text(node.tail)
        elif event == "end":
            walker.end(node)
            walker.text(node.tail if node is not root else None)
        elif walker.start(node):
            events.skip_subtree()
    walker.flush()


class _Walker:
    def __init__(self, builder: TextBuilder) -> None:
        self._builder = builder
        self._words: list[str] = []
        self._level = 0
        self._verbatim = 0
        self._skipped: Any = None

    def start(self, node: Any) -> bool:
        """Begin an element; True: leave out what is in it."""
        name = local(node)
        if is_hidden(node) or (name == "table" and not is_layout(node)):
            self._whole(node, name)
            self._skipped = node
            return True
        if name in HEADINGS or name in _PARAGRAPHS or name in _LINES:
            self._break(name)
        if name in HEADINGS:
            self._level = HEADINGS[name]
        elif name == "pre":
            self._verbatim += 1
        elif name == "br":
            self._words.append("\n")
        elif name == "img":
            self._words.append(f" {node.get('alt') or ''} ")
        elif name == "rt":
            self._words.append("(")
        self.text(node.text)
        return False

    def end(self, node: Any) -> None:
        """End an element."""
        if node is self._skipped:
            self._skipped = None
            return
        name = local(node)
        if name in HEADINGS or name in _PARAGRAPHS or name in _LINES:
            self._break(name)
        if name == "pre":
            self._verbatim -= 1
        elif name == "rt":
            self._words.append(")")

    def _whole(self, node: Any, name: str) -> None:
        if name == "table" and not is_hidden(node):
            self.flush()
            caption, rows, heads = table_rows(node, is_hidden)
            self._builder.paragraph(caption)
            self._builder.table(rows, heads=heads)

    def text(self, text: str | None) -> None:
        """Add text as it stands in the file."""
        if text:
            self._words.append(text if self._verbatim else _SPACES.sub(" ", text))

    def _break(self, name: str) -> None:
        self.flush()
        if name in _PARAGRAPHS:
            self._builder.gap()

    def flush(self) -> None:
        """End the line."""
        text = "".join(self._words)
        self._words.clear()
        if not self._verbatim:
            text = "\n".join(" ".join(line.split(" ")).strip() for line in text.split("\n"))
            text = re.sub(r" {2,}", " ", text)
        if self._level:
            self._builder.heading(text, self._level)
            self._level = 0
        else:
            self._builder.line(text)
