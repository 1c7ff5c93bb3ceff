"""Acting without thinking: ReAct whose steps hold actions alone (the `Act` of arXiv 2210.03629).

Here and not in Tao, since it is only there to be compared with.
"""

import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from tao.dialects import SchemaDialect
from tao.models.chat import ChatRequest, Message
from tao.toolbox.tool import ToolSpec
from tao_prompts import Language

__all__ = ["ActOnlyDialect"]

# As a string in an example, in words where the rules describe the form.
_THOUGHT = re.compile(r'\{"thought": (?:"[^"]*"|[^",]*), ')


class ActOnlyDialect(SchemaDialect):
    """The `schema` dialect with the thought taken out of its form, its rules and its examples."""

    def opening(self, tools: Sequence[ToolSpec], language: Language, now: str) -> list[Message]:
        """The same opening, so that nothing but the thoughts makes the difference."""
        messages = super().opening(tools, language, now)
        return [replace(message, content=_THOUGHT.sub("{", message.content)) for message in messages]

    def request(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> ChatRequest:
        """A request whose reply holds nothing but actions."""
        request = super().request(messages, tools)
        assert request.response_format is not None
        form: dict[str, Any] = deepcopy(dict(request.response_format))
        schema = form["json_schema"]["schema"]
        del schema["properties"]["thought"]
        schema["required"].remove("thought")
        return replace(request, response_format=form)
