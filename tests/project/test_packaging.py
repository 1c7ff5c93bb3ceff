"""The wheel, and both ways to install it."""

import configparser
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.real, pytest.mark.smoke]
_ROOT = Path(__file__).parent.parent.parent
_PACKAGES = ("client/tao", "servers/tao_servers", "prompts/tao_prompts")
_USE = """
import sys
from pathlib import Path
from string import Template

target, checkout = Path(sys.argv[1]), Path(sys.argv[2])
roots = {checkout, *(checkout / name for name in ("client", "servers", "prompts"))}
sys.path[:] = [str(target), *(p for p in sys.path if Path(p) not in roots)]

import tao, tao_prompts, tao_servers
from tao_servers.get_info.profile import BUILT_IN, load_profile

for package in (tao, tao_prompts, tao_servers):
    assert Path(package.__file__).is_relative_to(target), package.__file__
assert "GitHub" in load_profile(BUILT_IN).channels

folder = Path(tao_prompts.__file__).parent
for path in folder.rglob("*.md"):
    name, language, _ = path.relative_to(folder).as_posix().rsplit(".", 2)
    wanted = Template(path.read_text(encoding="utf-8")).get_identifiers()
    assert tao_prompts.render(name, language, dict.fromkeys(wanted, "value"))
    print(name)
"""
_IMPORT_FROM_CHECKOUT = """
import importlib.util, site, sys
from pathlib import Path

site.addsitedir(sys.argv[1])
import tao, tao_prompts, tao_servers

for package in (tao, tao_prompts, tao_servers):
    assert Path(package.__file__).is_relative_to(sys.argv[2]), package.__file__
print([name for name in ("client", "servers", "prompts", "tests") if importlib.util.find_spec(name)])
"""


def _python(*arguments: object, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _pip(*arguments: object, cwd: Path) -> None:
    _python("-m", "pip", "--disable-pip-version-check", *arguments, "--no-deps", "--no-index", cwd=cwd)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, built by the hatchling of this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    _pip("wheel", _ROOT, "--no-build-isolation", "--wheel-dir", folder, cwd=folder)
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_three_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    (info,) = (top for top in tops if top.endswith(".dist-info"))
    assert tops == {"tao", "tao_servers", "tao_prompts", info}


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *_PACKAGES],
        cwd=_ROOT,
        capture_output=True,
        timeout=60,
        check=True,
    ).stdout.decode()
    files = {name.partition("/")[2] for name in listed.split("\0") if name and (_ROOT / name).is_file()}
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert files - names == set()
    data = {
        "tao/py.typed",
        "tao_servers/get_info/profile.toml",
        "tao_servers/weather/places/DATA.md",
        "tao_servers/weather/places/places.sqlite",
    }
    assert data <= names
    assert any(name.startswith("tao_prompts/") and name.endswith(".zh.md") for name in names)
    assert any(name.startswith("tao_prompts/") and name.endswith(".en.md") for name in names)


def test_the_wheel_declares_the_commands(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/entry_points.txt"))
        entries = configparser.ConfigParser()
        entries.read_string(archive.read(name).decode())
    assert dict(entries["console_scripts"]) == {
        "agent": "tao.cli:main",
        "tao-agent": "tao_servers.launch:main",
        "tao-info": "tao_servers.get_info:main",
        "tao-knowledge": "tao_servers.knowledge:main",
        "tao-text2sql": "tao_servers.text2sql:main",
        "tao-weather": "tao_servers.weather:main",
    }


def test_an_installed_wheel_works_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "installed"
    _pip("install", wheel, "--target", target, cwd=tmp_path)
    assert _python("-I", "-c", _USE, target, _ROOT, cwd=tmp_path).split()


def test_an_editable_install_leaves_no_package_named_after_a_top_folder(tmp_path: Path) -> None:
    target = tmp_path / "editable"
    _pip("install", "--no-build-isolation", "--target", target, "--editable", _ROOT, cwd=tmp_path)
    assert _python("-I", "-c", _IMPORT_FROM_CHECKOUT, target, _ROOT, cwd=tmp_path).strip() == "[]"


def test_nothing_that_the_extra_all_needs_asks_for_torch() -> None:
    """The default path installs no torch: no package that it needs, however far down, requires it."""
    from importlib.metadata import PackageNotFoundError, requires

    from packaging.requirements import Requirement

    waiting, seen = [Requirement("tao-agent[all]")], set[str]()
    while waiting:
        wanted = waiting.pop()
        for extra in {"", *wanted.extras}:
            name = f"{canonical(wanted.name)}[{extra}]"
            if name in seen:
                continue
            seen.add(name)
            try:
                found = [Requirement(text) for text in requires(wanted.name) or ()]
            except PackageNotFoundError:
                continue
            waiting += [r for r in found if r.marker is None or r.marker.evaluate({"extra": extra})]
    assert "chromadb[]" in seen
    assert not [name for name in seen if name.startswith(("torch[", "sentence-transformers["))]


def canonical(name: str) -> str:
    return name.lower().replace("_", "-")
