"""Sees to it that a call names a tool that there is, with arguments that it takes."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from tao.toolbox.coercion import coerced, nearest, required_of
from tao.toolbox.tool import Toolbox, ToolResult, ToolSpec
from tao.toolbox.wrapper import Wrapper

__all__ = ["Checked"]

_SHOWN = 12
_ERRORS = 3


class Checked(Wrapper):
    """A toolbox that corrects what is nearly right, and answers what is wrong with what was expected.

    The model is told of each correction that was a guess. Only a reading tool is called under a name that
    was guessed, or with a guessed argument.
    """

    def __init__(self, inner: Toolbox) -> None:
        super().__init__(inner)
        self._rules: dict[str, _Rules] = {}

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Check, then call."""
        tool = await self.inner.current(name)
        notes: list[str] = []
        if tool is None:
            meant = nearest(name, [one.name for one in self.tools]) or self._without_server(name)
            tool = await self.inner.current(meant) if meant else None
            if tool is None:
                return self._no_such_tool(name)
            notes.append(f"there is no tool {name!r}; {tool.name!r} was called")
        given, guessed = coerced(arguments, tool.input_schema)
        notes += guessed
        wrong = self._rules_of(tool).wrong(given)
        if wrong:
            return ToolResult(f"{tool.name} was not called: {wrong}", is_error=True)
        if notes and not tool.read_only:
            return ToolResult(
                f"{name} was not called, since it may change something and the call was not exact: "
                f"{'; '.join(notes)}. It takes: {_expected(tool)}",
                is_error=True,
            )
        result = await self.inner.call(tool.name, given)
        if not notes:
            return result
        return replace(result, text=f"({'; '.join(notes)})\n{result.text}", own=result.evidence)

    def _rules_of(self, tool: ToolSpec) -> "_Rules":
        rules = self._rules.get(tool.name)
        if rules is None or rules.tool is not tool:
            rules = self._rules[tool.name] = _Rules(tool)
        return rules

    def _without_server(self, name: str) -> str | None:
        """The one tool of that name, whatever its server: small models leave out the first half."""
        own = {one.name: one.name.partition("__")[2] for one in self.tools}
        meant = nearest(name.rpartition("__")[2], list(own.values()))
        full = [whole for whole, short in own.items() if short == meant]
        return full[0] if len(full) == 1 else None

    def _no_such_tool(self, name: str) -> ToolResult:
        names = [tool.name for tool in self.tools]
        more = ", ..." if len(names) > _SHOWN else ""
        there = ", ".join(names[:_SHOWN]) + more
        return ToolResult(f"There is no tool {name[:100]!r}. There are: {there or 'none'}.", is_error=True)


class _Rules:
    """One tool's schema, ready to be applied."""

    def __init__(self, tool: ToolSpec) -> None:
        import jsonschema  # type: ignore[import-untyped]  # with what it needs a twentieth of a second, and not every run calls a tool
        import referencing
        import referencing.exceptions

        self.tool = tool
        self._unusable = (
            jsonschema.SchemaError,
            referencing.exceptions.Unresolvable,
            re.error,
            RecursionError,
        )
        # With a registry of its own, since the default one fetches what a server's schema refers to.
        self._validator = jsonschema.Draft202012Validator(tool.input_schema, registry=referencing.Registry())
        try:
            self._validator.check_schema(tool.input_schema)
            self._usable = True
        except self._unusable:
            self._usable = False

    def wrong(self, arguments: Mapping[str, Any]) -> str:
        """What the schema has against the arguments, each field named, and what it expects.

        A schema that cannot be applied is the server's own mistake; the server checks for itself.
        """
        if not self._usable:
            return ""
        try:
            errors = sorted(
                self._validator.iter_errors(arguments), key=lambda error: [str(p) for p in error.path]
            )
        except self._unusable:
            return ""
        said = [f"{_where(error.path)}{_short(error.message)}" for error in errors[:_ERRORS]]
        return f"{'; '.join(said)}. It takes: {_expected(self.tool)}" if said else ""


def _where(parts: Iterable[Any]) -> str:
    path = ".".join(str(part) for part in parts)
    return f"{path}: " if path else ""


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}..."


def _expected(tool: ToolSpec) -> str:
    required = required_of(tool.input_schema)
    properties = tool.input_schema.get("properties")
    if not isinstance(properties, Mapping):
        return "whatever its server says"
    return (
        ", ".join(
            f"{name} ({_kind(schema)}{'' if name in required else ', optional'})"
            for name, schema in properties.items()
        )
        or "no arguments"
    )


def _kind(schema: Any) -> str:
    if not isinstance(schema, Mapping):
        return "anything"
    if isinstance(schema.get("enum"), list):
        return "one of " + ", ".join(str(member) for member in schema["enum"])
    options = [_kind(option) for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    return " or ".join(options) or str(schema.get("type", "anything"))
