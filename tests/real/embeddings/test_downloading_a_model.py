"""A model is downloaded from a hub when that is asked for; here from a small one on this machine."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(find_spec("huggingface_hub") is None, reason="needs: pip install 'tao-agent[local]'"),
]

NAME = "somebody/tiny"
SHA = "0123456789abcdef0123456789abcdef01234567"
FILES = {"config.json": b"{}", "model.safetensors": b"\x00" * 5000, "pytorch_model.bin": b"\x01" * 5000}


class Hub(BaseHTTPRequestHandler):
    """As much of the hub's API as a download needs: the list of files, the revision, the files."""

    fetched: set[str]

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith(f"/api/models/{NAME}/tree/"):
            tree = [{"type": "file", "path": f, "size": len(c), "oid": SHA} for f, c in FILES.items()]
            self._send(json.dumps(tree).encode(), "application/json")
        elif path.startswith(f"/api/models/{NAME}"):
            found = {"id": NAME, "sha": SHA, "siblings": [{"rfilename": file} for file in FILES]}
            self._send(json.dumps(found).encode(), "application/json")
        elif path.startswith(f"/{NAME}/resolve/") and (file := path.rsplit("/", 1)[1]) in FILES:
            self.fetched.add(file)
            self._send(FILES[file], "application/octet-stream")
        else:
            self.send_error(404)

    do_HEAD = do_GET

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", SHA)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on stderr."""


@contextmanager
def hub() -> Iterator[tuple[str, set[str]]]:
    fetched: set[str] = set()
    handler = type("Counting", (Hub,), {"fetched": fetched})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", fetched
        finally:
            server.shutdown()
            thread.join()


def run(code: str, home: Path, address: str, **more: str) -> subprocess.CompletedProcess[str]:
    # The library reads these variables once, when it is imported.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    return subprocess.run(
        [sys.executable, "-c", f"from tao.models.weights import *; {code}"],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        env={**kept, "HF_HOME": str(home), "HF_ENDPOINT": address, "NO_PROXY": "127.0.0.1", **more},
    )


def test_a_model_is_downloaded_and_then_found_without_the_hub(tmp_path: Path) -> None:
    with hub() as (address, fetched):
        done = run(f"print(download({NAME!r}))", tmp_path, address)
        assert done.returncode == 0, done.stderr
    folder = Path(done.stdout.strip())
    assert {path.name for path in folder.iterdir()} == {"config.json", "model.safetensors"}
    assert "pytorch_model.bin" not in fetched
    again = run(f"print(find({NAME!r}))", tmp_path, "http://127.0.0.1:9")
    assert (again.returncode, again.stdout) == (0, done.stdout), again.stderr


def test_finding_asks_no_hub_unless_it_may_fetch(tmp_path: Path) -> None:
    with hub() as (address, fetched):
        refused = run(f"find({NAME!r})", tmp_path, address)
        assert "tao-knowledge pull somebody/tiny" in refused.stderr
        assert not fetched
        done = run(f"print(find({NAME!r}, fetch=True))", tmp_path, address)
        assert done.returncode == 0, done.stderr
        assert fetched


def test_a_model_that_the_hub_does_not_have_is_told(tmp_path: Path) -> None:
    with hub() as (address, _):
        failed = run("download('somebody/else')", tmp_path, address)
    assert "ModelError: The model 'somebody/else' could not be fetched" in failed.stderr
    assert "HF_ENDPOINT" in failed.stderr


def test_offline_is_offline(tmp_path: Path) -> None:
    with hub() as (address, fetched):
        failed = run(f"download({NAME!r})", tmp_path, address, HF_HUB_OFFLINE="1")
        assert "ModelError" in failed.stderr
        assert not fetched
