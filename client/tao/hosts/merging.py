"""Puts our servers into a host's file, and takes them out again, leaving the rest as it is."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tao.errors import ConfigError
from tao.hosts.catalog import Host
from tao.hosts.files import read_text, replace_text
from tao.hosts.forms import Block
from tao.hosts.jsontext import drop_json, parse_json, put_json, render_json
from tao.hosts.tomltext import drop_toml, parse_toml, put_toml, render_toml

__all__ = ["Change", "remove_block", "render_block", "write_block"]

_ADDRESSES = ("url", "httpUrl", "serverUrl")


@dataclass(frozen=True, slots=True)
class Change:
    """What was done to a host's file: the names that changed, those of others left alone, and the backup."""

    path: Path
    changed: tuple[str, ...]
    foreign: tuple[str, ...] = ()
    backup: Path | None = None


@dataclass(frozen=True, slots=True)
class _Form:
    parse: Callable[[str, str], dict[str, Any]]
    render: Callable[[dict[str, Any]], str]
    put: Callable[[str, str, str, dict[str, Any]], str]
    drop: Callable[[str, str, str], str]


_FORMS = {
    "json": _Form(parse_json, render_json, put_json, drop_json),
    "toml": _Form(parse_toml, render_toml, put_toml, drop_toml),
}


def render_block(block: Block) -> str:
    """The servers as a whole file of the host would have them."""
    return _FORMS[block.host.form].render({block.host.key: dict(block.servers)})


def write_block(block: Block, path: Path, *, force: bool = False) -> Change:
    """Merge the servers into the file, making it when it is not there.

    An entry of ours keeps the fields that the user added. One of the same name that starts something else is
    replaced only with `force`.

    Raises:
        ConfigError: the file cannot be read, changed or written, or an entry there is not ours.
    """
    form, key = _FORMS[block.host.form], block.host.key
    text, document, section = _read(path, block.host)
    wanted = {name: _merged(section.get(name), values) for name, values in block.servers.items()}
    foreign = [name for name in wanted if name in section and not _same(section[name], block.servers[name])]
    if foreign and not force:
        raise ConfigError(
            f"{path} has other servers under the names {', '.join(foreign)}. Nothing was changed: rename "
            "ours in the server list, or replace those with --force."
        )
    changed = tuple(name for name, values in wanted.items() if section.get(name) != values)
    if not changed:
        return Change(path, ())
    new: str | None = text
    for name in changed:
        new = _put(form, new, key, name, wanted[name], anew=name in foreign)
    expected = {**document, key: {**section, **wanted}}
    return Change(path, changed, backup=_replace(path, new, expected, form))


def remove_block(block: Block, path: Path) -> Change:
    """Take the servers out of the file; an entry of the same name that is not ours stays.

    Raises:
        ConfigError: the file cannot be read, changed or written.
    """
    form, key = _FORMS[block.host.form], block.host.key
    text, document, section = _read(path, block.host)
    there = [name for name in block.servers if name in section]
    ours = tuple(name for name in there if _same(section[name], block.servers[name]))
    foreign = tuple(name for name in there if name not in ours)
    if not ours:
        return Change(path, (), foreign)
    new = text
    for name in ours:
        new = form.drop(new, key, name)
    expected = deepcopy(document)
    for name in ours:
        del expected[key][name]
    if not expected[key] and key not in (_parsed(form, new) or {}):
        # In TOML the last table takes the one that holds it along.
        del expected[key]
    return Change(path, ours, foreign, _replace(path, new, expected, form))


def _read(path: Path, host: Host) -> tuple[str, dict[str, Any], dict[str, Any]]:
    text = read_text(path)
    document = _FORMS[host.form].parse(text, str(path))
    section = document.get(host.key, {})
    if not isinstance(section, dict):
        raise ConfigError(f"{path}: `{host.key}` is no object. It is left as it is.")
    return text, document, section


def _put(
    form: _Form, text: str | None, key: str, name: str, values: dict[str, Any], *, anew: bool
) -> str | None:
    """The text with the entry, or None when that is no longer of the form."""
    if text is None or _parsed(form, text) is None:
        return None
    return form.put(form.drop(text, key, name) if anew else text, key, name, values)


def _replace(path: Path, new: str | None, expected: dict[str, Any], form: _Form) -> Path | None:
    if new is None or _parsed(form, new) != expected:
        raise ConfigError(
            f"{path} is written in a way that cannot be changed without touching other parts. It is left "
            "as it is: edit it by hand (the same command without --write and --remove prints the entries)."
        )
    return replace_text(path, new)


def _parsed(form: _Form, text: str) -> dict[str, Any] | None:
    try:
        return form.parse(text, "The result")
    except ConfigError:
        return None


def _merged(old: object, values: Mapping[str, Any]) -> dict[str, Any]:
    kept = old if isinstance(old, dict) and _same(old, values) else {}
    return {**kept, **values}


def _same(old: object, values: Mapping[str, Any]) -> bool:
    """Whether an entry starts the same program, or leads to the same address, as ours."""
    if not isinstance(old, dict):
        return False
    if "command" in values:
        return (old.get("command"), old.get("args") or []) == (values["command"], values.get("args") or [])
    return any(old.get(key) == values[key] for key in _ADDRESSES if key in values)
