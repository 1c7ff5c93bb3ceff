"""The hosts: the form of each one's file, where the file lies, and what can be said in it.

Where the facts come from: each host's own documentation and, for Codex, its source. What a host does not
document is left out: approval lists of all but Cline and Codex, timeouts of Claude Desktop, Cursor, VS Code
and Windsurf, a working folder of all but Cline, Codex and Gemini.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tao.errors import ConfigError

__all__ = ["HOSTS", "Host", "System", "host_file"]

System = Literal["linux", "darwin", "win32"]
Transport = Literal["stdio", "streamableHttp", "sse"]
_ALL: tuple[Transport, ...] = ("stdio", "streamableHttp", "sse")


@dataclass(frozen=True, slots=True)
class Host:
    """One host.

    `key` is the object of the file that holds the servers. `files` begin with `~`, with `%APPDATA%`, or count
    from the project's folder. `reference` is how a value names an environment variable, or None.
    """

    name: str
    title: str
    form: Literal["json", "toml"]
    key: str
    files: Mapping[System, str]
    transports: tuple[Transport, ...] = _ALL
    has_cwd: bool = False
    reference: str | None = None


def _everywhere(file: str) -> dict[System, str]:
    return {"linux": file, "darwin": file, "win32": file}


HOSTS = {
    host.name: host
    for host in (
        Host(
            "cline",
            "Cline",
            "json",
            "mcpServers",
            _everywhere("~/.cline/data/settings/cline_mcp_settings.json"),
            has_cwd=True,
        ),
        Host(
            "codex",
            "Codex",
            "toml",
            "mcp_servers",
            _everywhere("~/.codex/config.toml"),
            transports=("stdio", "streamableHttp"),
            has_cwd=True,
            reference="{name}",
        ),
        Host(
            "claude-code",
            "Claude Code",
            "json",
            "mcpServers",
            _everywhere(".mcp.json"),
            reference="${{{name}}}",
        ),
        Host(
            "claude-desktop",
            "Claude Desktop",
            "json",
            "mcpServers",
            {
                "linux": "~/.config/Claude/claude_desktop_config.json",
                "darwin": "~/Library/Application Support/Claude/claude_desktop_config.json",
                "win32": "%APPDATA%/Claude/claude_desktop_config.json",
            },
            transports=("stdio",),
        ),
        Host(
            "cursor",
            "Cursor",
            "json",
            "mcpServers",
            _everywhere(".cursor/mcp.json"),
            reference="${{env:{name}}}",
        ),
        Host(
            "vscode",
            "VS Code",
            "json",
            "servers",
            _everywhere(".vscode/mcp.json"),
            reference="${{env:{name}}}",
        ),
        Host(
            "gemini",
            "Gemini CLI",
            "json",
            "mcpServers",
            _everywhere("~/.gemini/settings.json"),
            has_cwd=True,
            reference="${{{name}}}",
        ),
        Host(
            "windsurf",
            "Windsurf",
            "json",
            "mcpServers",
            _everywhere("~/.codeium/windsurf/mcp_config.json"),
            reference="${{env:{name}}}",
        ),
    )
}


def host_file(host: Host, *, system: str, home: Path, project: Path, appdata: Path | None = None) -> Path:
    """Where the host keeps its file on `system` (a value of `sys.platform`).

    Raises:
        ConfigError: it is not known for that system.
    """
    known: dict[str, str] = dict(host.files.items())
    if system not in known:
        raise ConfigError(
            f"Where {host.title} keeps its file on {system!r} is not known. Name it with --file PATH."
        )
    first, _, rest = known[system].partition("/")
    if first == "~":
        return home / rest
    if first == "%APPDATA%":
        return (appdata or home / "AppData" / "Roaming") / rest
    return project / known[system]
