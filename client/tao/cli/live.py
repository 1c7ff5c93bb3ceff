"""Shows a run on stderr as it happens."""

import json
import sys

from rich.console import Console
from rich.text import Text

from tao.cli.terminal import printable
from tao.events import Action, Answer, AnswerDelta, Event, Notice, Observation, ThoughtDelta
from tao_prompts import Language

__all__ = ["LiveSteps", "source_lines"]

_WORDS: dict[Language, dict[str, str]] = {
    "zh": {
        "thought": "思考",
        "action": "行动",
        "observation": "观察",
        "error": "观察（出错）",
        "answer": "回答",
        "sources": "来源",
        "none": "没有找到支持这个回答的来源",
        "unsupported": "来源中没有找到",
        "needs_input": "这是要请你补充的问题。",
        "max_steps": "步数用完，这是根据已知内容的最好回答。",
        "max_tool_calls": "调用次数用完，这是根据已知内容的最好回答。",
        "max_tokens": "token 用完，这是根据已知内容的最好回答。",
        "no_progress": "没有新的进展，这是根据已知内容的最好回答。",
        "timeout": "时间用完，这是根据已知内容的最好回答。",
        "cost": "{steps} 步，{total:.1f} 秒（模型 {model:.1f} 秒，工具 {tool:.1f} 秒，其余 {rest:.1f} 秒）",
    },
    "en": {
        "thought": "Thought",
        "action": "Action",
        "observation": "Observation",
        "error": "Observation (error)",
        "answer": "Answer",
        "sources": "Sources",
        "none": "none was found that supports this answer",
        "unsupported": "Not found in the sources",
        "needs_input": "This is a question to you.",
        "max_steps": "Out of steps; this is the best answer from what is known.",
        "max_tool_calls": "Out of calls; this is the best answer from what is known.",
        "max_tokens": "Out of tokens; this is the best answer from what is known.",
        "no_progress": "Nothing new came any more; this is the best answer from what is known.",
        "timeout": "Out of time; this is the best answer from what is known.",
        "cost": "{steps} steps, {total:.1f} s (model {model:.1f} s, tools {tool:.1f} s, rest {rest:.1f} s)",
    },
}
_STYLES = {"thought": "yellow", "action": "cyan", "observation": "green", "error": "red", "answer": "bold"}
_OBSERVATION_LINES = 12
_LINE_CHARS = 400


class LiveSteps:
    """Prints each event in the question's language; thought and answer grow while the model writes.

    `answer` is what has been shown of the answer so far.
    """

    def __init__(self, language: Language) -> None:
        self._words = _WORDS[language]
        self._console = Console(file=sys.stderr, highlight=False, soft_wrap=True, emoji=False, markup=False)
        self._open: str | None = None
        self.answer = ""
        self._answer_step = 0

    def show(self, event: Event) -> None:
        """Print one event."""
        match event:
            case ThoughtDelta(text=text):
                self._grow("thought", text)
            case AnswerDelta(text=text, step=step):
                if step != self._answer_step:
                    # What an earlier step said was no answer.
                    self.answer, self._answer_step = "", step
                    self.close()
                self._grow("answer", text)
                self.answer += text
            case Action(tool=tool, arguments=arguments):
                self._line("action", f"{tool} {json.dumps(arguments, ensure_ascii=False)}")
            case Observation(text=text, is_error=is_error):
                self._line("error" if is_error else "observation", _short(text))
            case Notice(text=text):
                self.close()
                self._console.print(Text(printable(text), style="dim"))
            case Answer():
                self._end(event)

    def close(self) -> None:
        """End the line that is being written."""
        if self._open is not None:
            self._console.print()
            self._open = None

    def _grow(self, kind: str, text: str) -> None:
        if self._open != kind:
            self.close()
            self._label(kind)
            self._open = kind
        self._console.print(Text(printable(text)), end="")

    def _line(self, kind: str, text: str) -> None:
        self.close()
        self._label(kind)
        self._console.print(Text(printable(text)))

    def _label(self, kind: str) -> None:
        self._console.print(Text(f"{self._words[kind]}: ", style=_STYLES[kind]), end="")

    def _end(self, answer: Answer) -> None:
        self.close()
        if answer.stop_reason != "finish":
            self._console.print(Text(self._words[answer.stop_reason], style="yellow"))
        usage = answer.usage
        rest = usage.total_seconds - usage.model_seconds - usage.tool_seconds
        cost = self._words["cost"].format(
            steps=answer.steps,
            total=usage.total_seconds,
            model=usage.model_seconds,
            tool=usage.tool_seconds,
            rest=max(0.0, rest),
        )
        self._console.print(Text(cost, style="dim"))


def source_lines(answer: Answer, language: Language) -> str:
    """The sources of an answer, one a line, and what stands in none; nothing where none was sought."""
    looked_up = answer.dialect is not None and answer.steps > 1
    if not looked_up and not answer.unsupported:
        return ""
    words = _WORDS[language]
    lines = [f"  {printable(c.source)}: {printable(_flat(c.text))}" for c in answer.citations]
    said = [f"{words['sources']}:", *lines] if lines else [f"{words['sources']}: {words['none']}"]
    if answer.unsupported:
        said.append(f"{words['unsupported']}: {printable(', '.join(answer.unsupported))}")
    return "\n".join(said)


def _short(text: str) -> str:
    lines = text.splitlines()
    shown = [
        line if len(line) <= _LINE_CHARS else f"{line[:_LINE_CHARS]} ..."
        for line in lines[:_OBSERVATION_LINES]
    ]
    return "\n".join(shown + ([f"... (+{len(lines) - len(shown)})"] if len(lines) > len(shown) else []))


def _flat(text: str) -> str:
    return _line(" ".join(text.split()), 160)


def _line(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]} ..."
