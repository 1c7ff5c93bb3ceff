"""`agent config`: the configuration that makes another host start these servers."""

import json
from pathlib import Path

import click

from tao.cli.options import config_option
from tao.toolbox import ServerEntry, find_config, load_servers

__all__ = ["config"]

_CLINE_SECONDS = 60
_CODEX_START_SECONDS = 20


@click.command(help="Print the configuration for HOST, with absolute paths, to paste into its own file.")
@click.argument("host", type=click.Choice(["cline", "codex"]))
@config_option
def config(host: str, config: Path | None) -> None:
    """Print for one host."""
    entries = load_servers(find_config(config))
    click.echo({"cline": _cline, "codex": _codex}[host](entries))


def _cline(entries: dict[str, ServerEntry]) -> str:
    """`cline_mcp_settings.json`. Without `timeout` Cline gives a server three seconds to start."""
    servers = {
        name: {
            **entry.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            "type": entry.type,
            "timeout": entry.timeout or _CLINE_SECONDS,
            "disabled": False,
            "autoApprove": list(entry.auto_approve),
        }
        for name, entry in entries.items()
    }
    return json.dumps({"mcpServers": servers}, ensure_ascii=False, indent=2)


def _codex(entries: dict[str, ServerEntry]) -> str:
    """`~/.codex/config.toml`. Codex has no SSE; such a server is left out by name."""
    tables = []
    for name, entry in entries.items():
        if entry.type == "sse":
            tables.append(f"# {name}: Codex has no SSE transport; serve it over streamable HTTP.")
            continue
        lines = [f"[mcp_servers.{_toml(name)}]"]
        if entry.type == "stdio":
            lines += [f"command = {_toml(entry.command)}", f"args = {_toml(list(entry.args))}"]
            lines += [f"cwd = {_toml(str(entry.cwd))}"] if entry.cwd else []
        else:
            lines += [f"url = {_toml(entry.url)}"]
        lines += [f"startup_timeout_sec = {_CODEX_START_SECONDS}"]
        lines += [f"tool_timeout_sec = {entry.timeout or _CLINE_SECONDS:g}"]
        lines += ['default_tools_approval_mode = "approve"']
        if entry.env:
            pairs = ", ".join(f"{_toml(key)} = {_toml(value)}" for key, value in entry.env.items())
            lines += [f"env = {{ {pairs} }}"]
        tables.append("\n".join(lines))
    return "\n\n".join(tables)


def _toml(value: object) -> str:
    # A TOML basic string and an array of them are written as in JSON.
    return json.dumps(value, ensure_ascii=False)
