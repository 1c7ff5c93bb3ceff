"""Codex and Cline, headless, with the configuration that `agent config` prints for them."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from tests.support.hosts_endpoint import HostEndpoint
from tests.support.hosts_processes import Family, Finished

__all__ = ["Cline", "Codex", "Host", "server_entry"]

SECONDS = 90
_AGENT = [sys.executable, "-c", "from tao.cli import main; main()"]
_KEY = "SCRIPTED_MODEL_KEY"


class Host(Protocol):
    """A host that can be asked one question without anybody at the keyboard."""

    def tool(self, server: str, tool: str) -> str:
        """The name under which this host shows a tool to its model."""
        ...

    def ask(self, family: Family, servers: Mapping[str, Any], endpoint: HostEndpoint) -> Finished:
        """Ask its model, which is `endpoint`, with these entries of a server list."""
        ...


def server_entry(family: Family, command: Sequence[str | Path], **more: Any) -> dict[str, Any]:
    """A stdio entry whose process belongs to `family`."""
    program, *arguments = map(str, command)
    env = family.environment()
    return {"type": "stdio", "command": program, "args": arguments, "env": env, **more}


class Codex:
    """`codex exec`, in a folder of its own."""

    def __init__(self, bin_folder: Path) -> None:
        self._command = str(bin_folder / "codex")

    def tool(self, server: str, tool: str) -> str:
        """Codex has a namespace for each server."""
        return f"mcp__{server}.{tool}"

    def ask(self, family: Family, servers: Mapping[str, Any], endpoint: HostEndpoint) -> Finished:
        """Run `codex exec --json` once."""
        home = family.folder / "codex"
        home.mkdir()
        provider = {
            "name": "scripted",
            "base_url": endpoint.base_url,
            "env_key": _KEY,
            "wire_api": "responses",
        }
        lines = [
            'model = "scripted"',
            'model_provider = "scripted"',
            "check_for_update_on_startup = false",
            "analytics.enabled = false",
            "[model_providers.scripted]",
            *(f"{name} = {json.dumps(value)}" for name, value in provider.items()),
            _printed(family, "codex", servers),
        ]
        (home / "config.toml").write_text("\n".join(lines), encoding="utf-8")
        env = family.environment(CODEX_HOME=str(home), **{_KEY: "none"})
        command = [self._command, "exec", "--skip-git-repo-check", "--ephemeral", "--json", "Please find it."]
        return family.run(command, env=env, seconds=SECONDS)


class Cline:
    """The `cline` command with a data folder of its own."""

    def __init__(self, bin_folder: Path) -> None:
        self._command = str(bin_folder / "cline")

    def tool(self, server: str, tool: str) -> str:
        """Cline puts the server's name before the tool's."""
        return f"{server}__{tool}"

    def ask(self, family: Family, servers: Mapping[str, Any], endpoint: HostEndpoint) -> Finished:
        """Run `cline --json` once."""
        data = family.folder / "cline"
        (data / "settings").mkdir(parents=True)
        provider = "openai-compatible"
        settings = {"provider": provider, "apiKey": "none", "model": "scripted", "baseUrl": endpoint.base_url}
        entry = {"settings": settings, "updatedAt": "2026-01-01T00:00:00.000Z", "tokenSource": "manual"}
        providers = {
            "version": 1,
            "lastUsedProvider": provider,
            "modes": {},
            "providers": {provider: entry},
        }
        for name, text in (
            ("providers.json", json.dumps(providers)),
            ("cline_mcp_settings.json", _printed(family, "cline", servers)),
        ):
            (data / "settings" / name).write_text(text, encoding="utf-8")
        command = [self._command, "--data-dir", str(data), "-P", provider, "-m", "scripted", "--json"]
        # One word alone would be taken for the name of a command.
        ending = ["--auto-approve", "true", "--timeout", str(SECONDS - 10), "Please find it."]
        return family.run([*command, *ending], env=family.environment(), seconds=SECONDS)


def _printed(family: Family, host: str, servers: Mapping[str, Any]) -> str:
    """What `agent config` prints for a host."""
    path = family.folder / "servers.json"
    path.write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")
    done = family.run([*_AGENT, "config", host, "--config", path], seconds=30)
    assert done.code == 0, done.err
    return done.out
