"""Long results are cut for the model, kept whole, and can be read on in."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tao.toolbox import Kept, Passage, ToolResult
from tests.support.scripted import ScriptedToolbox, tool

READER = tool("notes__read")
NEXT = re.compile(r'read_more\(ref="(r\d+)", offset=(\d+)\)\]$')


def saying(text: str, *passages: Passage, is_error: bool = False) -> ScriptedToolbox:
    async def say(arguments: Mapping[str, Any]) -> ToolResult:
        return ToolResult(text, is_error=is_error, passages=passages)

    return ScriptedToolbox((READER, say))


@pytest.mark.parametrize("limit", [150, 500, 8000])
@pytest.mark.parametrize("over", [-1, 0, 1, 20_000])
async def test_a_cut_result_can_be_read_to_its_end(limit: int, over: int, tmp_path: Path) -> None:
    text = "".join(chr(0x4E00 + n % 5000) for n in range(limit + over))
    kept = Kept(saying(text), limit, tmp_path / "run")
    shown = (await kept.call(READER.name, {})).text
    read = ""
    while found := NEXT.search(shown):
        assert len(shown) <= limit
        read += shown[: shown.rindex("\n[... ")]
        assert len(read) == int(found[2])
        result = await kept.call("read_more", {"ref": found[1], "offset": int(found[2])})
        assert not result.is_error
        shown = result.text
    assert read + shown == text
    assert (tmp_path / "run").exists() is (over > 0)


async def test_the_whole_is_in_the_runs_folder_to_the_letter(tmp_path: Path) -> None:
    text = "价格\r\n\n" * 500 + "\ud800 \x00"
    await Kept(saying(text), 300, tmp_path / "run").call(READER.name, {})
    whole = (tmp_path / "run" / "r1.txt").read_bytes()
    assert whole.decode("utf-8", "surrogatepass") == text


async def test_without_a_folder_the_whole_is_kept_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    kept = Kept(saying("x" * 900), 300, tmp_path / "file" / "run")
    await kept.call(READER.name, {})
    assert (await kept.call("read_more", {"ref": "r1", "offset": 800})).text == "x" * 100


async def test_a_cut_leaves_error_and_passages_as_they_are(tmp_path: Path) -> None:
    passage = Passage("1", "x" * 9000, "a.txt:1")
    result = await Kept(saying("x" * 9000, passage, is_error=True), 500, tmp_path).call(READER.name, {})
    assert result.is_error
    assert result.passages == (passage,)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"ref": "r9", "offset": 0}, "There is no ref 'r9'. There are: r1."),
        ({"ref": "../../etc/passwd", "offset": 0}, "There is no ref"),
        ({"ref": "r1", "offset": 900}, "r1 ends at 900."),
        ({"ref": "r1", "offset": -1}, "`offset` is a number"),
        ({"ref": "r1", "offset": True}, "`offset` is a number"),
        ({"ref": "r1"}, "`offset` is a number"),
    ],
)
async def test_a_wrong_place_to_read_on_is_named(
    arguments: dict[str, Any], said: str, tmp_path: Path
) -> None:
    kept = Kept(saying("x" * 900), 300, tmp_path)
    await kept.call(READER.name, {})
    result = await kept.call("read_more", arguments)
    assert result.is_error
    assert result.text.startswith(said)


async def test_our_own_tool_is_listed_and_no_server_hears_of_it(tmp_path: Path) -> None:
    inner = saying("short")
    kept = Kept(inner, 300, tmp_path)
    kept.expect("read_more")
    kept.expect(READER.name)
    assert [one.name for one in kept.tools] == [READER.name, "read_more"]
    assert inner.expected == [READER.name]
    assert inner.calls == []


async def test_a_piece_is_cited_as_the_result_that_it_is_of(tmp_path: Path) -> None:
    kept = Kept(saying("x" * 900), 300, tmp_path)
    first = await kept.call(READER.name, {"name": "a"})
    piece = await kept.call("read_more", {"ref": "r1", "offset": 200})
    assert set(first.evidence) == set(piece.evidence) == {"x"}
    assert piece.passages == (Passage("", piece.evidence, "notes__read(a)"),)
    passage = Passage("1", "x" * 900, "a.txt:1")
    other = Kept(saying("x" * 900, passage), 300, tmp_path)
    await other.call(READER.name, {})
    assert (await other.call("read_more", {"ref": "r1", "offset": 200})).passages == (passage,)


async def test_the_same_result_is_kept_once_and_looks_the_same(tmp_path: Path) -> None:
    kept = Kept(saying("x" * 900), 300, tmp_path)
    first, second = [await kept.call(READER.name, {}) for _ in range(2)]
    assert first == second
    assert 'ref="r1"' in second.text
    assert not (tmp_path / "r2.txt").exists()
