"""The tables of the documentation say what the code says."""

import json
import os
import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

import pytest
from platformdirs.macos import MacOS
from platformdirs.unix import Unix
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tao.models.local.catalog import CATALOG
from tao.settings import Settings, config_dir, load_settings
from tao.toolbox import ServerEntry, load_servers

_ROOT = Path(__file__).parent.parent.parent
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LICENCES = {
    "Copyright (c) 2015-2023, Vega-Altair Developers": "BSD-3-Clause",
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "License agreement for matplotlib versions 1.3.0 and later": "matplotlib's own, after the PSF's",
}
_SAMPLES: tuple[str, ...] = ("cot", "7", "2", "true", "imperial", "700", "schema", "lines")
_SAMPLES += ("always", '["dense"]', '[{"where": {"tag": "a"}, "weight": 0.1}]', '["met.no"]')
_SAMPLES += ('{"name": "local-small"}', '{"x": {"path": "y"}}')


def _page(name: str) -> str:
    return (_ROOT / "docs" / name).read_text(encoding="utf-8")


def _rows(page: str, first: str) -> list[dict[str, str]]:
    """The rows of every table of `page` whose first column is called `first`, by column."""
    rows: list[dict[str, str]] = []
    columns: list[str] = []
    for line in _page(page).splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip("|").split(" | ")]
        if not line.startswith("|"):
            columns = []
        elif not columns:
            columns = cells
        elif columns[0] == first and not line.startswith("|-"):
            rows.append(dict(zip(columns, cells, strict=True)))
    return rows


def _blocks(page: str, language: str) -> list[str]:
    return [body for found, body in _FENCE.findall(_page(page)) if found == language]


def _fields() -> Iterator[tuple[str, FieldInfo]]:
    for section, field in Settings.model_fields.items():
        model = field.annotation
        assert isinstance(model, type)
        assert issubclass(model, BaseModel)
        for name, inner in model.model_fields.items():
            yield f"{section}.{name}", inner


def _shown(field: FieldInfo) -> str:
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    return "none" if default is None else json.dumps(default)


def _value(settings: Settings, path: str) -> Any:
    section, name = path.split(".")
    return getattr(getattr(settings, section), name)


def test_the_table_of_settings_is_complete_and_has_the_right_defaults() -> None:
    rows = {row["setting"]: row["default"] for row in _rows("configuration.md", "setting")}
    assert rows == {path: _shown(field) for path, field in _fields()}


@pytest.mark.parametrize("row", _rows("configuration.md", "setting"), ids=lambda row: row["setting"])
def test_a_setting_is_set_by_its_variable(row: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    found = [_value(Settings(), row["setting"])]
    for sample in _SAMPLES:
        monkeypatch.setenv(row["environment"], sample)
        with suppress(ValueError):
            found.append(_value(Settings(), row["setting"]))
    assert any(value != found[0] for value in found)


@pytest.mark.parametrize("page", ["configuration.md", "knowledge.md", "models.md", "retrieval.md"])
def test_the_settings_files_shown_are_right(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config_dir().mkdir(parents=True)
    shown = _blocks(page, "toml")
    assert shown
    for text in shown:
        (config_dir() / "tao.toml").write_text(text, encoding="utf-8")
        load_settings()
        assert set(tomllib.loads(text)) <= set(Settings.model_fields)


def test_the_table_of_the_server_list_has_every_field_and_its_default() -> None:
    rows = {row["field"]: row["default"] for row in _rows("configuration.md", "field")}
    entries = {field.alias or name: field for name, field in ServerEntry.model_fields.items()}
    told = {"type": "by the other fields", "cwd": "the list's own folder"}
    assert rows == {name: told.get(name, _shown(field)) for name, field in entries.items()}


def test_the_server_list_shown_is_right(tmp_path: Path) -> None:
    path = tmp_path / "cline_config.json"
    (text,) = _blocks("configuration.md", "json")
    path.write_text(text, encoding="utf-8")
    assert list(load_servers(path)) == ["knowledge"]


@pytest.mark.parametrize(("system", "folders"), [("Linux", Unix), ("macOS", MacOS)])
def test_the_table_of_folders_is_right(
    system: str, folders: type[Unix] | type[MacOS], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("XDG_")]:
        monkeypatch.delenv(name)
    used = folders("tao", appauthor=False)
    found = (used.user_config_path, used.user_data_path, used.user_state_path, used.user_cache_path)
    shown = [Path(row[system]).expanduser() for row in _rows("configuration.md", "folder")]
    assert shown == list(found)


def test_every_dependency_has_its_row() -> None:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    wanted = {
        (re.split(r"[^\w.-]", requirement)[0], "" if group == "dev" else group)
        for group, requirements in groups.items()
        for requirement in requirements
    }
    rows = [(row["package"], row.get("extra", "")) for row in _rows("dependencies.md", "package")]
    assert sorted(rows) == sorted(one for one in wanted if one[0] != "tao-agent")


@pytest.mark.parametrize("row", _rows("dependencies.md", "package"), ids=lambda row: row["package"])
def test_a_licence_is_the_one_that_the_package_states(row: dict[str, str]) -> None:
    try:
        about = metadata(row["package"]).json
    except PackageNotFoundError:
        pytest.skip("not installed here")
    classified = [text.rpartition(" :: ")[2] for text in about.get("classifier", []) if "License" in text]
    stated = str(about.get("license_expression") or about.get("license") or classified[0])
    # Some packages put the whole text there.
    name = stated.splitlines()[0]
    assert row["licence"] == _LICENCES.get(name, name)


def test_the_models_have_the_sizes_and_sums_of_the_catalogue() -> None:
    sums = {row["model"]: (row["repository and file"], row["SHA-256"]) for row in _rows("models.md", "model")}
    facts = {row[""]: row for row in _rows("models.md", "")}
    assert sums.keys() == CATALOG.keys()
    for name, entry in CATALOG.items():
        assert sums[name] == (f"{entry.repo}, {entry.file}", entry.sha256)
        told = {label: row[name] for label, row in facts.items()}
        assert told["model"] == entry.title
        assert told["file"] == f"{entry.size:,} bytes"
        assert told["free memory that a start asks for"] == f"{entry.memory / 1e9:.1f} GB"


def test_the_design_page_names_every_package() -> None:
    packages = {
        f"{path.parent.relative_to(_ROOT).as_posix()}/"
        for root in ("client", "servers", "prompts")
        for path in (_ROOT / root).rglob("__init__.py")
    }
    named = set(re.findall(r"`([\w/]+/)`", _page("architecture.md")))
    assert packages - {"servers/tao_servers/"} - named == set()
