"""Profiles as resources, and completion of the names of subjects and channels. Only what is public."""

from typing import Annotated, Any
from urllib.parse import quote

import anyio
from mcp.server import MCPServer
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp.types import (
    Completion,
    CompletionArgument,
    CompletionContext,
    PromptReference,
    ResourceTemplateReference,
)
from pydantic import Field

from tao_servers.chinese import name_key
from tao_servers.get_info.errors import InfoError
from tao_servers.get_info.profiles import Profiles, Shelf
from tao_servers.get_info.subjects import find_subject
from tao_servers.get_info.wording import profile_text

__all__ = ["add_resources"]

_TEMPLATE = "profile://{subject}"
# As many as the protocol allows in one reply.
_COMPLETIONS = 100


def add_resources(server: MCPServer, profiles: Profiles) -> None:
    """Serve each subject as `profile://SUBJECT`, and complete what a user types for one."""
    server.middleware.append(_Listing(profiles))

    @server.resource(
        _TEMPLATE,
        name="profile",
        title="Profile",
        description="What is known of a person, team or product. 人、团队、产品的资料。",
        mime_type="text/plain",
    )
    def profile(subject: str) -> str:
        try:
            found = find_subject(profiles.read(), subject)
        except InfoError as exc:
            raise ResourceNotFoundError(str(exc)) from exc
        return profile_text(found)

    # The protocol completes arguments of prompts and templates, not of tools: this prompt is where a user
    # can pick a channel.
    @server.prompt(title="Look up", description="Ask for a channel of a subject. 查某人的某个渠道。")
    def look_up(
        channel: Annotated[str, Field(description="Such as GitHub")],
        subject: Annotated[str | None, Field(description="Default: the owner of this server")] = None,
    ) -> str:
        name = subject or profiles.read().own.name
        return f"{name} 的 {channel} 是什么？ (What is the {channel} of {name}?)"

    @server.completion()  # type: ignore[no-untyped-call, untyped-decorator]
    async def complete(
        ref: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,
    ) -> Completion | None:
        if (ref.uri != _TEMPLATE) if isinstance(ref, ResourceTemplateReference) else (ref.name != "look_up"):
            return None
        given = (context.arguments if context else None) or {}
        # All of it in a thread: to compare thousands of names takes as long as to read their files.
        found = await anyio.to_thread.run_sync(_found, profiles, argument, given.get("subject"))
        return Completion(values=found[:_COMPLETIONS], total=len(found), has_more=len(found) > _COMPLETIONS)


def _found(profiles: Profiles, argument: CompletionArgument, subject: str | None) -> list[str]:
    names = _names(profiles.read(), argument.name, subject)
    key = name_key(argument.value[:200])
    # Those that begin with it before those that have it somewhere.
    return sorted((n for n in names if key in name_key(n)), key=lambda n: not name_key(n).startswith(key))


def _names(shelf: Shelf, argument: str, subject: str | None) -> list[str]:
    if argument == "subject":
        return [one.label for one in shelf.subjects]
    if argument != "channel":
        return []
    try:
        chosen = find_subject(shelf, subject).profile if subject else shelf.own
    except InfoError:
        return []
    return list(chosen.public().entries)


class _Listing:
    """SDK middleware: lists as resources the subjects of this moment; the SDK fixes its list at the start."""

    def __init__(self, profiles: Profiles) -> None:
        self._profiles = profiles

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        result = await call_next(ctx)
        if ctx.method != "resources/list" or not isinstance(result, dict):
            return result
        shelf = await anyio.to_thread.run_sync(self._profiles.read)
        listed = [
            {"uri": f"profile://{quote(one.label, safe='')}", "name": one.label, "mimeType": "text/plain"}
            for one in shelf.subjects
        ]
        fresh = {"ttlMs": 0} if "ttlMs" in result else {}
        return result | {"resources": listed} | fresh
