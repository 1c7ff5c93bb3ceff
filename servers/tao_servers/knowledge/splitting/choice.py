"""Every splitter by its name."""

from collections.abc import Mapping
from types import MappingProxyType

from tao_servers.knowledge.document import Chunk, Document
from tao_servers.knowledge.splitting.auto import chosen
from tao_servers.knowledge.splitting.code import split_code
from tao_servers.knowledge.splitting.fixed import split_evenly
from tao_servers.knowledge.splitting.lines import split_lines, split_records
from tao_servers.knowledge.splitting.markdown import read_markup, split_markdown
from tao_servers.knowledge.splitting.packing import Packer
from tao_servers.knowledge.splitting.parents import split_small
from tao_servers.knowledge.splitting.places import place
from tao_servers.knowledge.splitting.recursive import split_recursively
from tao_servers.knowledge.splitting.semantic import split_by_meaning
from tao_servers.knowledge.splitting.sizes import Embed, Sizes, Splitter
from tao_servers.knowledge.splitting.work import Cut, Work

__all__ = ["split"]

_SPLITTERS: Mapping[Splitter, Cut] = MappingProxyType(
    {
        "lines": split_lines,
        "fixed": split_evenly,
        "recursive": split_recursively,
        "markdown": split_markdown,
        "code": split_code,
        "semantic": split_by_meaning,
        "parents": split_small,
    }
)


def split(
    document: Document, how: Splitter = "auto", *, sizes: Sizes, embed: Embed | None = None
) -> list[Chunk]:
    """Cut a document into chunks, in the order of its text; only white space is in none of them.

    No chunk crosses the start of one of the document's parts, and only those of `fixed` overlap. Where the
    rows of a table are read by its header, there is room left for it. `embed` is for `semantic`.

    Raises:
        ValueError: there is no splitter of that name, or `semantic` has no `embed`.
    """
    if "markdown" in (how, document.form):
        document = read_markup(document)
    records = how == "auto" and document.form == "records" and bool(document.parts)
    name = chosen(document) if how == "auto" else how
    if name not in _SPLITTERS:
        raise ValueError(f"No splitter named {name!r}. There are: auto, {', '.join(_SPLITTERS)}.")
    work = Work(document, sizes, Packer(document, sizes.count), embed)
    return list(place(document, (split_records if records else _SPLITTERS[name])(work)))
