import json
from pathlib import Path

import pytest

from tao.errors import ConfigError
from tao.settings import config_dir
from tao.toolbox import ServerEntry, find_config, load_servers
from tao.toolbox.environment import server_environment


def write(folder: Path, **servers: object) -> Path:
    path = folder / "cline_config.json"
    path.write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")
    return path


def test_an_entry_is_read_as_cline_reads_it(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        a={"command": "python", "args": ["-m", "x"], "timeout": 30, "autoApprove": ["t"], "newField": 1},
        b={"url": "http://127.0.0.1:1/sse"},
        c={"type": "streamableHttp", "url": "https://x/mcp", "headers": {"A": "b"}},
        d={"command": "x", "disabled": True},
    )
    servers = load_servers(path)
    assert list(servers) == ["a", "b", "c"]
    assert (servers["a"].type, servers["a"].timeout, servers["a"].auto_approve) == ("stdio", 30, ("t",))
    assert servers["b"].type == "sse"


def test_paths_count_from_the_lists_own_folder(tmp_path: Path) -> None:
    servers = load_servers(write(tmp_path, a={"command": ".venv/bin/python"}, b={"command": "python"}))
    assert servers["a"].command == str(tmp_path / ".venv/bin/python")
    assert servers["a"].cwd == tmp_path
    assert servers["b"].command == "python"


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text('{"mcpServers": {}}', encoding="utf-8-sig")
    assert load_servers(path) == {}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be read"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b"[]", "no object `mcpServers`"),
        (b'{"mcpServers": []}', "no object `mcpServers`"),
        (b'{"mcpServers": {"a": {}}}', "needs a `command`"),
        (b'{"mcpServers": {"a": 5}}', "'a'"),
        (b'{"mcpServers": {"a__b": {"command": "x"}}}', "no '__'"),
        (b'{"mcpServers": {"a": {"type": "carrier pigeon", "command": "x"}}}', "type"),
        (b'{"mcpServers": {"a": {"url": "file:///etc/passwd"}}}', "http://"),
        (b'{"mcpServers": {"a": {"command": "x", "timeout": -1}}}', "timeout"),
    ],
)
def test_a_wrong_list_is_refused_by_its_place(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "list.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_servers(path)
    assert said in str(caught.value)
    assert "list.json" in str(caught.value)


def test_a_list_in_the_current_folder_is_not_run_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, a={"command": "x"})
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"agent allow cline_config\.json .*--config cline_config"):
        find_config(None)


def test_the_users_own_list_is_found() -> None:
    config_dir().mkdir(parents=True)
    own = write(config_dir(), a={"command": "x"})
    assert find_config(None) == own


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        find_config(tmp_path / "nowhere.json")


def test_a_server_gets_folders_and_proxies_and_nothing_else_of_ours() -> None:
    environ = {
        "XDG_DATA_HOME": "/d",
        "TAO_KNOWLEDGE_PATH": "/k",
        "HTTPS_PROXY": "p",
        "no_proxy": "n",
        "SSL_CERT_FILE": "c",
        "OMP_NUM_THREADS": "1",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "PYTHONPATH": "/x",
        "TAO_MODEL_API_KEY": "secret",
        "XDG_SESSION_ID": "7",
    }
    entry = ServerEntry(type="stdio", command="x", env={"XDG_DATA_HOME": "/own", "EXTRA": "e"})
    passed = server_environment(entry, environ)
    assert "AWS_SECRET_ACCESS_KEY" not in passed
    assert "PYTHONPATH" not in passed
    assert "TAO_MODEL_API_KEY" not in passed
    assert "XDG_SESSION_ID" not in passed
    assert passed["XDG_DATA_HOME"] == "/own"
    assert {"TAO_KNOWLEDGE_PATH", "HTTPS_PROXY", "no_proxy", "SSL_CERT_FILE", "EXTRA"} <= set(passed)
