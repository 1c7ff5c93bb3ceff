"""Weights in the Hugging Face form: a folder, or a copy in the hub's cache on this machine.

Nothing is fetched unless `download` is called or allowed.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from tao.errors import ConfigError, ModelError
from tao.models.loading import load
from tao.models.openai_failures import plain

__all__ = ["config_of", "download", "find", "identity", "is_path", "wanted"]

PULL = "tao-knowledge pull"
_NAME = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?", re.ASCII)
_USED = frozenset({".json", ".txt", ".model", ".safetensors", ".bin", ".jinja"})
_OTHER_ENGINES = frozenset({"onnx", "openvino", "coreml", "gguf"})
_DESCRIPTIONS = ("modules.json", "config.json")
_SAMPLE_BYTES = 1 << 16


def is_path(name_or_path: str) -> bool:
    """Whether a folder is meant: it begins with `/`, `.`, `~` or a drive, so that no folder hides a name."""
    return bool(re.match(r"[/\\.~]|[A-Za-z]:[/\\]", name_or_path))


def find(name_or_path: str, *, fetch: bool = False, cache: Path | None = None) -> Path:
    """The folder of a model's weights; with `fetch`, a model that is not on this machine is downloaded.

    `cache` stands for the hub's own cache folder (`HF_HOME`).

    Raises:
        ConfigError: there are no such weights; the text says how to get them.
    """
    if is_path(name_or_path):
        return _folder(Path(name_or_path).expanduser())
    name = _hub_name(name_or_path)
    hub = load("huggingface_hub", extra="st")
    for file in _DESCRIPTIONS:
        # Asked file by file: the library calls a copy without the files that are not needed incomplete.
        found = hub.try_to_load_from_cache(name, file, cache_dir=cache)
        if isinstance(found, str) and _has_weights(Path(found).parent):
            return Path(found).parent
    if not fetch:
        raise _missing(name_or_path)
    return download(name, cache=cache)


def download(name: str, *, cache: Path | None = None) -> Path:
    """Fetch a model from the Hugging Face hub, or the mirror named by HF_ENDPOINT, and return its folder.

    Only what the model needs here is fetched, and a broken transfer is taken up again.

    Raises:
        ConfigError: `name` is none.
        ModelError: it cannot be fetched.
    """
    hub = load("huggingface_hub", extra="st")
    full = _hub_name(name)
    try:
        files = wanted(hub.HfApi().list_repo_files(full))
        folder = Path(hub.snapshot_download(full, allow_patterns=files, cache_dir=cache))
    except Exception as exc:
        raise ModelError(
            f"The model {full!r} could not be fetched: {plain(str(exc))}. Is the name right? HF_ENDPOINT "
            "names a mirror of the hub, HF_TOKEN lets you in to a gated model; or copy the model's folder to "
            "this machine and give its path."
        ) from exc
    return _folder(folder)


def wanted(files: Iterable[str]) -> list[str]:
    """Those of a repository's files that are needed: pickled weights only where there are no others."""
    paths = [PurePosixPath(file) for file in files]
    safe = {path.parent for path in paths if path.suffix == ".safetensors"}
    return sorted(
        str(path)
        for path in paths
        if path.suffix in _USED
        and not _OTHER_ENGINES & set(path.parts)
        and not (path.suffix == ".bin" and path.parent in safe)
    )


def config_of(folder: Path, file: str = "config.json") -> dict[str, Any]:
    """A JSON file of the model; empty where it has none.

    Raises:
        ConfigError: it cannot be read.
    """
    path = folder / file
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as exc:
        raise ConfigError(f"{str(path)!r} cannot be read ({exc}). Get the model again.") from exc
    if not isinstance(value, dict):
        raise ConfigError(f"{str(path)!r} holds no JSON object. Get the model again.")
    return value


def identity(name_or_path: str, folder: Path) -> str:
    """Which model this is: a hub name as it is; a folder by its name and a digest of what is in it."""
    if not is_path(name_or_path):
        return _hub_name(name_or_path)
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in {".safetensors", ".bin", ".json"}):
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder).as_posix()} {size}\n".encode())
        # Reading gigabytes only to name them would take longer than loading them.
        with path.open("rb") as file:
            for start in (0, size // 2):
                file.seek(start)
                digest.update(file.read(_SAMPLE_BYTES))
    return f"{folder.resolve().name}@{digest.hexdigest()[:8]}"


def _hub_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{plain(name, 100)!r} is no model. Give a name such as 'BAAI/bge-small-zh-v1.5', or a folder, "
            "written with './' or '/' at its beginning."
        )
    return name if "/" in name else f"sentence-transformers/{name}"


def _folder(folder: Path) -> Path:
    if not folder.is_dir():
        raise ConfigError(
            f"There is no folder {str(folder)!r}. Give the folder of a model's weights, or the model's name."
        )
    if not _has_weights(folder):
        raise ConfigError(
            f"The folder {str(folder)!r} holds no weights (config.json or modules.json, and *.safetensors or "
            "*.bin). Give the folder that has them, or get the model again."
        )
    return folder


def _has_weights(folder: Path) -> bool:
    described = any((folder / file).is_file() for file in _DESCRIPTIONS)
    return (
        described and any(p.suffix in {".safetensors", ".bin"} for p in folder.rglob("*")) and _whole(folder)
    )


def _whole(folder: Path) -> bool:
    """Whether all parts are there of weights that are cut into several files."""
    parts = config_of(folder, "model.safetensors.index.json").get("weight_map")
    return not isinstance(parts, dict) or all((folder / str(part)).is_file() for part in parts.values())


def _missing(name: str) -> ConfigError:
    also = f" If you mean the folder of that name, write './{name}'." if Path(name).is_dir() else ""
    return ConfigError(
        f"The model {name!r} is not on this machine, and nothing is downloaded unasked. "
        f"Get it with: {PULL} {name}.{also}"
    )
