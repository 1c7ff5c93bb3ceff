"""The MCP face of get_info."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import BaseModel, Field

from tao_servers.get_info.channels import find_channel
from tao_servers.get_info.clock import Moment, moment_at
from tao_servers.get_info.errors import InfoError
from tao_servers.get_info.profile import Profile
from tao_servers.get_info.profiles import Profiles
from tao_servers.get_info.resources import add_resources
from tao_servers.get_info.subjects import Info, Subjects, find_subject, info_of, list_of, no_channel
from tao_servers.get_info.wording import info_text, moment_text, subjects_text
from tao_servers.serving.results import result
from tao_servers.serving.server import make_server

__all__ = ["build_server"]

# A small model is shown only the tools without this mark.
_SECONDARY = {"tao/secondary": True}


class Page(BaseModel):
    """One public page."""

    name: str = Field(description="Whose page it is")
    channel: str = Field(description="The channel's exact name")
    url: str = Field(description="The page's address")
    note: str | None = None


def build_server(
    profile: Profile,
    *,
    path: Path | None = None,
    folder: Path | None = None,
    private: bool = False,
    place: str | None = None,
    now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(datetime.UTC),
) -> MCPServer:
    """Make the server for one's own profile, read again from `path` when it changes, and those of `folder`.

    `private` ones are shown or not; `place` is where the user is, `now` the clock.
    """
    server = make_server(
        "get_info",
        title="Public pages",
        instructions="Public pages of one person, by channel; facts about people, teams and products; "
        "date and time. 个人主页、账号的网址，人和产品的资料，日期时间。",
    )
    profiles = Profiles(profile, path=path, folder=folder, private=private)
    _add_own_pages(server, profile, profiles)
    _add_subjects(server, profiles)
    _add_time(server, place, now)
    add_resources(server, profiles)
    return server


def _add_own_pages(server: MCPServer, profile: Profile, profiles: Profiles) -> None:
    names = "、".join(profile.channels)

    @server.tool(
        description=f"Address of {profile.name}'s public page on one channel: {names}. "
        f"查个人主页、账号的网址。 Use it for any question about {profile.name}'s site, "
        "account or profile page.",
        annotations=_reads("Public pages"),
    )
    def get_my_info(
        channel: Annotated[str, Field(description=f"One of: {names}")],
    ) -> Annotated[CallToolResult, Page]:
        shelf = profiles.read()
        own = shelf.own
        name = find_channel(own, own.channels, channel)
        if name is None:
            raise ToolError(no_channel(channel, own.channels))
        # The own one is the first; its note says that it is an old version.
        note = shelf.subjects[0].note
        page = Page(name=own.name, channel=name, url=own.channels[name].value, note=note)
        return result("\n".join(filter(None, (f"{page.name} · {page.channel}: {page.url}", note))), page)


def _add_subjects(server: MCPServer, profiles: Profiles) -> None:
    @server.tool(
        description="What is known of a person, team or product. 查人、团队、产品的资料。",
        annotations=_reads("Facts about a subject"),
        meta=_SECONDARY,
    )
    def get_info(
        subject: Annotated[str, Field(description="Name, as in list_subjects")],
        channel: Annotated[
            str | None, Field(description="Only this channel or fact, such as GitHub, email, 职位")
        ] = None,
    ) -> Annotated[CallToolResult, Info]:
        try:
            info = info_of(find_subject(profiles.read(), subject), channel)
        except InfoError as exc:
            raise ToolError(str(exc)) from exc
        return result(info_text(info), info)

    @server.tool(
        description="Names that get_info knows. 列出有资料的人、团队、产品。",
        annotations=_reads("Subjects"),
        meta=_SECONDARY,
    )
    def list_subjects(
        text: Annotated[str | None, Field(description="Part of a name, or a kind; default: all")] = None,
        page: Annotated[int, Field(ge=1, description="next_page of the page before")] = 1,
    ) -> Annotated[CallToolResult, Subjects]:
        try:
            listed = list_of(profiles.read(), text, page)
        except InfoError as exc:
            raise ToolError(str(exc)) from exc
        return result(subjects_text(listed), listed)


def _add_time(server: MCPServer, home: str | None, now: Callable[[], datetime.datetime]) -> None:
    @server.tool(
        description="Date, time, weekday, lunar date and holiday now. 查今天的日期、星期、时间、农历。",
        # It is called again for another result, so hosts must not answer a repeated call from memory.
        annotations=ToolAnnotations(
            title="Date and time", read_only_hint=True, idempotent_hint=False, open_world_hint=False
        ),
    )
    def get_time(
        place: Annotated[
            str | None, Field(description="City, country, IANA zone or UTC+8; default: the user's")
        ] = None,
    ) -> Annotated[CallToolResult, Moment]:
        try:
            moment = moment_at(place, home=home, now=now())
        except InfoError as exc:
            raise ToolError(str(exc)) from exc
        return result(moment_text(moment), moment)


def _reads(title: str) -> ToolAnnotations:
    return ToolAnnotations(title=title, read_only_hint=True, idempotent_hint=True, open_world_hint=False)
