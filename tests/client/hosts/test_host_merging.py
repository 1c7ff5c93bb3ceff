"""Into the files of other programs and out again, without touching what is not ours."""

import json
import os
import stat
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tao.errors import ConfigError
from tao.hosts import HOSTS, Block, host_block, remove_block, write_block
from tao.hosts.jsontext import drop_json, put_json
from tao.hosts.tomltext import drop_toml, put_toml
from tao.toolbox import ServerEntry

ENTRIES = {
    "knowledge": ServerEntry(type="stdio", command="/bin/python", args=("-m", "k"), autoApprove=("search",)),
    "天气": ServerEntry(type="streamableHttp", url="http://127.0.0.1:1/mcp"),
}
CURSOR = host_block(HOSTS["cursor"], ENTRIES)
CODEX = host_block(HOSTS["codex"], ENTRIES)
BLOCKS = pytest.mark.parametrize("block", [CURSOR, CODEX], ids=["json", "toml"])
PROGRAM = 'command = "/bin/python"\nargs = ["-m", "k"]\n'
JSON_FILES = {
    "two spaces": '{\n  "mcpServers": {\n    "other": {"n": 1.50}\n  },\n  "z": [1,2]\n}\n',
    "tabs, no last newline": '{\n\t"mcpServers": {\n\t\t"other": {\n\t\t\t"command": "x"\n\t\t}\n\t}\n}',
    "one line": '{"a": 1, "mcpServers": {"other": {"command": "x"}}}',
    "windows": '{\r\n    "mcpServers": {\r\n        "other": {}\r\n    }\r\n}\r\n',
    "byte order mark": '\ufeff{\n  "mcpServers": {\n    "other": {}\n  }\n}\n',
    "escapes": '{\n  "mcpServers": {\n    "\\u4e2d//\\"/*": {"command": "} , {"}\n  }\n}\n',
}
TOML_FILES = {
    "comments": "# mine\na = 0x10\n\n[mcp_servers.other]  # theirs\nb = 1\n\n# about tui\n[tui]\nn = 1\n",
    "windows": '[tui]\r\nn = 1\r\n\r\n[mcp_servers.other]\r\ncommand = "x"\r\n',
    "lists in lists": '[tui]\nrows = [\n  ["a"],\n  ["b"]\n]\n',
    "a table of tables": "[[hooks]]\nn = 1\n\n[[hooks]]\nn = 2\n",
}


def read(path: Path) -> dict[str, Any]:
    text = path.read_text(encoding="utf-8-sig")
    value: dict[str, Any] = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    return value


def file_for(block: Block, folder: Path) -> Path:
    return folder / ("config.toml" if block.host.form == "toml" else "mcp.json")


@pytest.mark.parametrize("text", JSON_FILES.values(), ids=JSON_FILES)
def test_json_in_and_out_again_is_the_same_to_the_byte(text: str, tmp_path: Path) -> None:
    in_and_out(CURSOR, text, tmp_path / "mcp.json")


@pytest.mark.parametrize("text", TOML_FILES.values(), ids=TOML_FILES)
def test_toml_in_and_out_again_is_the_same_to_the_byte(text: str, tmp_path: Path) -> None:
    in_and_out(CODEX, text, tmp_path / "config.toml")


def in_and_out(block: Block, text: str, path: Path) -> None:
    path.write_bytes(text.encode())
    before = read(path)
    assert write_block(block, path).changed == ("knowledge", "天气")
    once = path.read_bytes()
    section = before.pop(block.host.key, {})
    assert read(path) == {**before, block.host.key: {**section, **block.servers}}
    assert write_block(block, path) == write_block(block, path)
    assert path.read_bytes() == once
    assert remove_block(block, path).changed == ("knowledge", "天气")
    assert path.read_bytes().decode() == text
    assert remove_block(block, path).changed == ()


@BLOCKS
@pytest.mark.parametrize("text", [None, "", " \n", "\ufeff"])
def test_a_file_that_is_not_there_or_empty_is_made(block: Block, text: str | None, tmp_path: Path) -> None:
    path = file_for(block, tmp_path / "not" / "yet") if text is None else file_for(block, tmp_path)
    if text is not None:
        path.write_text(text, encoding="utf-8")
    change = write_block(block, path)
    assert read(path) == {block.host.key: block.servers}
    assert (change.backup is None) == (text is None)
    remove_block(block, path)
    assert read(path).get(block.host.key, {}) == {}


@pytest.mark.parametrize(
    "text", ["{}", "{ }\n", '{"mcpServers": {}}', '{"a": 1}', '{\n "a": {\n }\n}', "{\n\n}"]
)
def test_an_object_without_servers_gets_them(text: str, tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text(text, encoding="utf-8")
    write_block(CURSOR, path)
    assert read(path) == {**json.loads(text), "mcpServers": CURSOR.servers}


@BLOCKS
def test_what_the_user_added_to_our_entry_stays(block: Block, tmp_path: Path) -> None:
    path = file_for(block, tmp_path)
    write_block(block, path)
    added = path.read_text(encoding="utf-8").replace(
        *(
            ('"args"', '"disabled": true, "args"')
            if block is CURSOR
            else ("args =", "enabled = false # no\nargs =")
        )
    )
    path.write_text(added, encoding="utf-8")
    assert write_block(block, path).changed == ()
    longer = host_block(
        block.host, {"knowledge": ENTRIES["knowledge"].model_copy(update={"env": {"A": "b"}})}
    )
    assert write_block(longer, path).changed == ("knowledge",)
    entry = read(path)[block.host.key]["knowledge"]
    assert entry["env"] == {"A": "b"}
    assert (entry.get("disabled"), entry.get("enabled")) in {(True, None), (None, False)}
    assert block is CURSOR or "# no" in path.read_text(encoding="utf-8")


@BLOCKS
def test_a_foreign_entry_is_replaced_only_by_force(block: Block, tmp_path: Path) -> None:
    path = file_for(block, tmp_path)
    theirs = host_block(
        block.host, {"knowledge": ServerEntry(type="stdio", command="theirs"), "b": ENTRIES["天气"]}
    )
    write_block(theirs, path)
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="other servers under the names knowledge"):
        write_block(block, path)
    removed = remove_block(host_block(block.host, {"knowledge": ENTRIES["knowledge"]}), path)
    assert (removed.changed, removed.foreign) == ((), ("knowledge",))
    assert path.read_bytes() == before
    assert write_block(block, path, force=True).changed == ("knowledge", "天气")
    assert read(path)[block.host.key] == {"b": theirs.servers["b"], **block.servers}


@BLOCKS
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe{}", "line 1: this is not UTF-8"),
        (b"# fine\n\xe4\xb8\xad\n\xff", "line 3: this is not UTF-8"),
        (b"\x00\x01\x02", "this is no"),
        (b" " * 8_000_001, "larger than 8 MB"),
        (b"[" * 100_000, "this is no|too deeply"),
    ],
)
def test_a_broken_file_is_named_and_left_alone(
    block: Block, content: bytes, said: str, tmp_path: Path
) -> None:
    refused(block, content, said, tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[]", "line 1: there is an array"),
        (b"null", "line 1: there is null"),
        (b'{\n"a": 1,\n}', "line 3: this is no JSON"),
        (b'{\n"a": 1, // why\n"b": "//"}', "line 2: there are comments"),
        (b"{\n/* why */}", "line 2: there are comments"),
        (b'{"mcpServers": []}', "`mcpServers` is no object"),
        (b'{"mcpServers": {}, "mcpServers": {"a": {}}', "line 1: this is no JSON"),
    ],
)
def test_a_broken_json_file_is_named_and_left_alone(content: bytes, said: str, tmp_path: Path) -> None:
    refused(CURSOR, content, said, tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a = 1\nb =\n", "line 2"),
        (b"mcp_servers = 1\n", "`mcp_servers` is no object"),
        (b"mcp_servers = {}\n", "cannot be changed without touching"),
    ],
)
def test_a_broken_toml_file_is_named_and_left_alone(content: bytes, said: str, tmp_path: Path) -> None:
    refused(CODEX, content, said, tmp_path)


def refused(block: Block, content: bytes, said: str, folder: Path) -> None:
    path = file_for(block, folder)
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=said) as caught:
        write_block(block, path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == content
    assert list(folder.iterdir()) == [path]


@pytest.mark.parametrize(
    "text",
    [
        '[mcp_servers]\nknowledge = { command = "/bin/python", args = ["-m", "k"] } # mine\n',
        'mcp_servers.knowledge.command = "/bin/python"\nmcp_servers.knowledge.args = ["-m", "k"]\n',
        'x = """\n[mcp_servers.knowledge]\n"""\n[mcp_servers.knowledge]\n' + PROGRAM,
    ],
)
def test_a_table_written_otherwise_is_not_taken_out_by_halves(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="by hand"):
        remove_block(CODEX, path)
    assert path.read_text(encoding="utf-8") == text
    assert list(tmp_path.iterdir()) == [path]


def test_comments_behind_a_table_stay_when_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    write_block(CODEX, path)
    path.write_text(path.read_text(encoding="utf-8") + "\n# about tui\n[tui]\nn = 1\n", encoding="utf-8")
    assert remove_block(CODEX, path).changed == ("knowledge", "天气")
    assert path.read_text(encoding="utf-8") == "# about tui\n[tui]\nn = 1\n"


@BLOCKS
def test_each_state_of_the_file_is_backed_up_once(block: Block, tmp_path: Path) -> None:
    path = file_for(block, tmp_path)
    path.write_text("{}" if block is CURSOR else "# mine\n", encoding="utf-8")
    older = path.with_name(f"{path.name}.bak")
    older.write_text("precious", encoding="utf-8")
    original = path.read_bytes()
    first = write_block(block, path).backup
    assert first == path.with_name(f"{path.name}.bak.2")
    assert first.read_bytes() == original
    path.write_bytes(original)
    assert write_block(block, path).backup == first
    assert older.read_text(encoding="utf-8") == "precious"
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes and links")
def test_mode_and_link_stay(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "mcp.json"
    real.parent.mkdir()
    real.write_text("{}", encoding="utf-8")
    real.chmod(0o640)
    link = tmp_path / "mcp.json"
    link.symlink_to(real)
    change = write_block(CURSOR, link)
    assert link.is_symlink()
    assert read(real)["mcpServers"] == CURSOR.servers
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert change.backup == real.with_name("mcp.json.bak")
    assert stat.S_IMODE(change.backup.stat().st_mode) == 0o640


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be"):
        write_block(CURSOR, tmp_path / "file" / "mcp.json")
    with pytest.raises(ConfigError, match="cannot be read"):
        write_block(CURSOR, tmp_path)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="permissions do not bind root")
def test_a_read_only_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text("{}", encoding="utf-8")
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigError, match="cannot be written"):
        write_block(CURSOR, path)
    tmp_path.chmod(0o700)
    assert path.read_text(encoding="utf-8") == "{}"


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
SECTIONS = st.dictionaries(st.text(), st.dictionaries(st.text(), VALUES, max_size=3), max_size=4)


@given(
    others=st.dictionaries(st.text(), VALUES, max_size=3),
    section=SECTIONS,
    name=st.text(),
    value=st.dictionaries(st.text(), VALUES, max_size=3),
    indent=st.sampled_from([None, 0, 1, 2, "\t"]),
    ascii_only=st.booleans(),
)
def test_any_json_keeps_all_but_the_one_member(
    others: dict[str, Any],
    section: dict[str, Any],
    name: str,
    value: dict[str, Any],
    indent: int | str | None,
    ascii_only: bool,
) -> None:
    document = {**others, "servers": section}
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    put = put_json(text, "servers", name, value)
    assert json.loads(put) == {**document, "servers": {**section, name: value}}
    assert list(json.loads(put)) == list(document)
    dropped = drop_json(put, "servers", name)
    assert json.loads(dropped)["servers"] == {key: entry for key, entry in section.items() if key != name}
    if section and name not in section:
        assert dropped == text


# What a TOML key may be without a fault of the library that writes it.
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=8)


@given(
    names=st.lists(NAMES, unique=True, min_size=1, max_size=4),
    comments=st.lists(st.sampled_from(["", "# note\n", "\n", "[tui]\nn = 1\n"]), max_size=1),
)
def test_any_names_go_into_toml_and_out_again(names: list[str], comments: list[str]) -> None:
    text = start = "".join(comments)
    for name in names:
        text = put_toml(text, "mcp_servers", name, {"command": name, "tools": {name: {"x": 1}}})
    found = tomllib.loads(text)["mcp_servers"]
    assert found == {name: {"command": name, "tools": {name: {"x": 1}}} for name in names}
    dropped = drop_toml(text, "mcp_servers", names[0])
    if not set("[]#") & set("".join(names)):
        assert tomllib.loads(dropped).get("mcp_servers", {}) == {name: found[name] for name in names[1:]}
    assert dropped.startswith(start.rstrip("\n"))
