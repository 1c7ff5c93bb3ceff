"""The `text` dialect: the classic labelled lines, in English and in Chinese.

    Thought: ...
    Action: server__tool
    Action Input: {"name": "value"}

or, to end, `Final Answer: ...` (ReAct, arXiv 2210.03629).
"""

import json
from collections.abc import Sequence
from pathlib import Path

from tao.dialects.meaning import in_one_message, step_of
from tao.dialects.opening import opening
from tao.dialects.reading import read_reply
from tao.dialects.reading.inventions import own_words, settled_tags
from tao.dialects.reading.labels import first_part, may_become_label, parts_of
from tao.dialects.reading.names import clean_name, is_no_action
from tao.dialects.step import ASK, Glimpse, Step, UnreadableStep
from tao.models.chat import ChatRequest, Completion, Message
from tao.toolbox.tool import ToolSpec
from tao_prompts import Language

__all__ = ["TextDialect"]

_STOP = ("\nObservation", "\n观察", "<observation")


class TextDialect:
    """Labelled lines, for models that hold a form better by example than by grammar."""

    name = "text"

    def __init__(self, *, prompts: Path | None = None) -> None:
        self._prompts = prompts

    def opening(self, tools: Sequence[ToolSpec], language: Language, now: str) -> list[Message]:
        """The system prompt and the examples of this form."""
        return opening("agent/text", tools, language, now, folder=self._prompts)

    def request(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> ChatRequest:
        """A request that stops before the model can write an observation of its own."""
        return ChatRequest(messages, stop=_STOP)

    def glimpse(self, text: str) -> Glimpse:
        """Read the labelled parts so far."""
        head, _, line = text.rpartition("\n")
        answering = parts_of(own_words(head))[-1:]
        held = may_become_label(line, answering=bool(answering) and answering[0].kind == "answer")
        parts = parts_of(own_words(settled_tags(head if held else text)))
        # A part counts as a whole name only once the next one has begun.
        action = first_part(parts[:-1], "action").partition("\n")[0]
        named = () if is_no_action(action) else (clean_name(action),)
        return Glimpse(first_part(parts, "thought"), named, first_part(parts, "answer"))

    def read(self, completion: Completion, tools: Sequence[ToolSpec]) -> Step:
        """Read the first action or final answer, or whatever other form the reply has."""
        found = read_reply(completion.text, (*tools, ASK), first="labels")
        if found.fault is None:
            return step_of(found)
        wrong = "There was neither an `Action:` with its `Action Input:` nor a `Final Answer:`."
        raise UnreadableStep(wrong, prose="" if found.invented else found.thought)

    def recorded(self, completion: Completion) -> Message:
        """The reply up to an observation that the model made up."""
        return Message("assistant", own_words(completion.text).strip())

    def written(self, step: Step) -> Message:
        """The labelled lines of a step."""
        lines = [f"Thought: {step.thought}"] if step.thought else []
        if step.asks:
            lines += [f"Action: {ASK.name}", f"Action Input: {_json({'question': step.answer})}"]
        elif step.answer is not None:
            lines.append(f"Final Answer: {step.answer}")
        lines += [f"Action: {c.tool}\nAction Input: {_json(c.arguments)}" for c in step.calls]
        return Message("assistant", "\n".join(lines))

    def observed(self, step: Step, results: Sequence[str]) -> Sequence[Message]:
        """One message for all results."""
        return in_one_message(results)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
