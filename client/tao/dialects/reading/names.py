"""Which tool a model means by the name that it wrote."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from tao.dialects.step import FINISH
from tao.toolbox.coercion import required_of
from tao.toolbox.tool import ToolSpec

__all__ = ["Names", "clean_name", "is_no_action", "is_none", "is_sentence"]

_EDGES = "`'\"*“”‘’<>[]{}() \t\r\n。.:：,，;；!！"
_PREFIX = re.compile(r"^(?:functions?|tools?|default_api)\.", re.IGNORECASE)
_NO_LETTER = re.compile(r"[\W_]+")
_FINISH = frozenset(
    {
        "finish",
        "finalanswer",
        "finalize",
        "terminate",
        "answer",
        "done",
        "最终答案",
        "最终回答",
        "答案",
        "完成",
        "结束",
    }
)
_NONE = re.compile(
    r"(?:none|null|nil|n/?a|nothing|not (?:needed|applicable|required)"
    r"|no (?:\w+ )?(?:action|tool|input)s?\b[^\n]*+"
    r"|无|没有|不需要[^\n]*+|无需[^\n]*+)"
    r"(?:\s*+[(（—–,，.。:;-][^\n]*+)?",
    re.IGNORECASE,
)
_REMARK = re.compile(r"[(（][^()（）]*+[)）]?[.。]?")
_MOST_WORDS = 4
_LONG_CHINESE = 16


class Names:
    """The tools on offer, found by the exact name or by the one that differs from it in form only.

    Form is case, `.`, `-`, `_` and spaces, and a missing `server__`. Where two tools would fit, neither does.
    """

    def __init__(self, tools: Sequence[ToolSpec]) -> None:
        self._tools = {tool.name: tool for tool in tools}
        fitting: dict[str, set[str]] = defaultdict(set)
        for tool in tools:
            fitting[_key(tool.name)].add(tool.name)
        for tool in tools:
            bare = _key(tool.name.partition("__")[2])
            if bare and tool.name not in fitting[bare]:
                fitting[bare].add(tool.name)
        self._fitting = {key: next(iter(names)) for key, names in fitting.items() if len(names) == 1}

    def find(self, written: str) -> str | None:
        """The tool's own name, or `finish`; None when no tool is meant."""
        if written in self._tools:
            return written
        name = _PREFIX.sub("", clean_name(written))
        if name in self._tools:
            return name
        key = _key(name)
        found = self._fitting.get(key)
        return found if found is not None else FINISH if key in _FINISH else None

    def resolve(self, written: str) -> str:
        """The tool's own name, or what was written where no tool fits."""
        return self.find(written) or clean_name(written)

    def tool(self, name: str) -> ToolSpec | None:
        """The tool of that exact name."""
        return self._tools.get(name)

    def parameters(self, name: str) -> Mapping[str, Any]:
        """The parameters of a tool with their schemas; of `finish`, its answer."""
        if name == FINISH and name not in self._tools:
            return {"answer": {"type": "string"}}
        tool = self._tools.get(name)
        found = tool.input_schema.get("properties") if tool else None
        return found if isinstance(found, Mapping) else {}

    def only_parameter(self, name: str) -> str | None:
        """The parameter that a bare text is for: the only required one, else the first."""
        tool = self._tools.get(name)
        required = required_of(tool.input_schema) if tool else []
        return required[0] if len(required) == 1 else next(iter(self.parameters(name)), None)


def clean_name(written: str) -> str:
    """A name without the quotes, stops and bold round it."""
    return written.strip(_EDGES)


def is_none(written: str) -> bool:
    """Whether a text says that there is nothing: `None`, `N/A (...)`, `(no input)`, 无."""
    bare = written.strip("`'\"* \t\r\n[]{}()（）.。?？-")
    return not bare or _NONE.fullmatch(bare) is not None


def is_no_action(written: str) -> bool:
    """Whether an action says that there is none; a remark in brackets names no tool either."""
    return is_none(written) or _REMARK.fullmatch(written.strip()) is not None


def is_sentence(written: str) -> bool:
    """Whether a text is too long for a name: it says what is to be done instead of naming a tool."""
    words = written.split()
    return len(words) > _MOST_WORDS or (
        len(words) == 1 and not written.isascii() and len(written) > _LONG_CHINESE
    )


def _key(name: str) -> str:
    return _NO_LETTER.sub("", name).casefold()
