"""Keeps an observation short enough for a model to read, and the whole of it at hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import anyio.to_thread

from tao.toolbox.tool import Passage, Toolbox, ToolResult, ToolSpec, said_by
from tao.toolbox.wrapper import Wrapper

__all__ = ["READ_MORE", "Kept"]

READ_MORE = ToolSpec(
    "read_more",
    "Read on in a result that was cut.",
    {
        "type": "object",
        "properties": {"ref": {"type": "string"}, "offset": {"type": "integer", "minimum": 0}},
        "required": ["ref", "offset"],
    },
    read_only=True,
    idempotent=True,
)
_CUT = '\n[... {left} of {whole} characters left out. To read on: read_more(ref="{ref}", offset={offset})]'


@dataclass
class _Whole:
    """A result that was cut: its text or the file that has it, and where it came from."""

    text: Path | str
    digest: str
    passages: tuple[Passage, ...]
    source: str


class Kept(Wrapper):
    """A toolbox for one run whose results have at most `limit` characters.

    The whole of a longer one is written to `folder`, made when it is needed, and the model can read on in
    it with the tool `read_more`. Where the folder cannot be written, the whole is kept in memory.
    """

    def __init__(self, inner: Toolbox, limit: int, folder: Path) -> None:
        super().__init__(inner)
        self._limit = limit
        self._folder = folder
        self._kept: dict[str, _Whole] = {}

    @property
    def tools(self) -> Sequence[ToolSpec]:
        """The tools of the toolbox inside, and the one that reads on."""
        return (*self.inner.tools, READ_MORE)

    def expect(self, name: str) -> None:
        """Let the toolbox inside prepare, unless the tool is ours."""
        if name != READ_MORE.name:
            self.inner.expect(name)

    async def current(self, name: str) -> ToolSpec | None:
        """The tool, ours or one of the toolbox inside."""
        return READ_MORE if name == READ_MORE.name else await self.inner.current(name)

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Call, keep, cut."""
        if name == READ_MORE.name:
            return await self._read_on(str(arguments.get("ref")), arguments.get("offset"))
        result = await self.inner.call(name, arguments)
        if len(result.text) <= self._limit:
            return result
        ref = await self._keep(result, said_by(name, arguments))
        text, own = self._from(result.text, ref, 0)
        return replace(result, text=text, own=own)

    async def _keep(self, result: ToolResult, source: str) -> str:
        # The same result has the same name, so that whoever compares two sees that they are one.
        digest = sha256(result.text.encode("utf-8", "surrogatepass")).hexdigest()
        for ref, whole in self._kept.items():
            if whole.digest == digest:
                return ref
        ref = f"r{len(self._kept) + 1}"
        whole = self._kept[ref] = _Whole(result.text, digest, result.passages, source)
        whole.text = await anyio.to_thread.run_sync(self._write, ref, result.text)
        return ref

    async def _read_on(self, ref: str, offset: object) -> ToolResult:
        if ref not in self._kept:
            there = ", ".join(self._kept) or "none: no result was cut"
            return ToolResult(f"There is no ref {ref[:40]!r}. There are: {there}.", is_error=True)
        if not isinstance(offset, int) or isinstance(offset, bool) or offset < 0:
            return ToolResult("`offset` is a number of characters, from 0.", is_error=True)
        whole = self._kept[ref]
        kept = whole.text
        text = kept if isinstance(kept, str) else await anyio.to_thread.run_sync(_read, kept)
        if offset >= len(text):
            return ToolResult(f"{ref} ends at {len(text)}.", is_error=True)
        shown, own = self._from(text, ref, offset)
        # It is still what the first call gave, and is cited as that.
        passages = whole.passages or (Passage("", own, whole.source),)
        return ToolResult(shown, passages=passages, own=own)

    def _from(self, text: str, ref: str, offset: int) -> tuple[str, str]:
        """What is shown from `offset` on, with and without the note that there is more."""
        rest = text[offset:]
        if len(rest) <= self._limit:
            return rest, rest
        whole = len(text)
        note = _CUT.format(left=whole, whole=whole, ref=ref, offset=whole)
        shown = max(1, self._limit - len(note))
        end = offset + shown
        own = text[offset:end]
        return own + _CUT.format(left=whole - end, whole=whole, ref=ref, offset=end), own

    def _write(self, ref: str, text: str) -> Path | str:
        path = self._folder / f"{ref}.txt"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
        except OSError:
            return text
        return path


def _read(path: Path) -> str:
    with path.open(encoding="utf-8", errors="surrogatepass", newline="") as file:
        return file.read()
