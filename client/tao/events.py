"""What a run tells while it goes on, and the answer that it ends with.

The same models stand in the run log, in the output of `--json` and in docs/schemas/.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "SCHEMA_VERSION",
    "Action",
    "Answer",
    "AnswerDelta",
    "Citation",
    "Event",
    "Notice",
    "Observation",
    "RunUsage",
    "StopReason",
    "ThoughtDelta",
]

SCHEMA_VERSION = 1

StopReason = Literal[
    "finish", "needs_input", "max_steps", "max_tool_calls", "max_tokens", "no_progress", "timeout"
]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Notice(_Value):
    """Something that the user should know and the model need not: a server is down, a model is loading."""

    type: Literal["notice"] = "notice"
    text: str


class ThoughtDelta(_Value):
    """A piece of the thought of step `step` (from 1)."""

    type: Literal["thought_delta"] = "thought_delta"
    step: int
    text: str


class Action(_Value):
    """A call that the model asked for; `id` is unique within the run."""

    type: Literal["action"] = "action"
    step: int
    id: str
    tool: str = Field(description="`server__tool`")
    arguments: dict[str, Any]


class Observation(_Value):
    """What came of an action, as the model is shown it."""

    type: Literal["observation"] = "observation"
    step: int
    id: str = Field(description="The `id` of its action")
    tool: str
    text: str
    is_error: bool = False
    seconds: float = 0.0


class AnswerDelta(_Value):
    """A piece of the answer's text.

    A model that calls tools natively may say something before it calls: what such a step said was no answer.
    """

    type: Literal["answer_delta"] = "answer_delta"
    step: int
    text: str


class Citation(_Value):
    """A passage that supports the answer: which observation, which passage of it, and its words."""

    observation: str = Field(description="The `id` of the observation")
    tool: str
    passage: str | None = Field(default=None, description="The passage's id within the observation")
    source: str = Field(description="Where the passage comes from, such as `价格表.txt:12`")
    text: str


class RunUsage(_Value):
    """Tokens, and where the seconds went. `model_seconds` counts while a model request is in flight."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    first_token_seconds: float = 0.0
    model_seconds: float = 0.0
    tool_seconds: float = 0.0
    total_seconds: float = 0.0


class Answer(_Value):
    """The end of a run.

    `unsupported` lists the numbers and addresses of the answer that stand in no observation, nor in what the
    model was told with the question; the text itself is never edited.
    """

    type: Literal["answer"] = "answer"
    schema_version: int = SCHEMA_VERSION
    run_id: str
    question: str
    text: str
    citations: tuple[Citation, ...] = ()
    unsupported: tuple[str, ...] = ()
    stop_reason: StopReason
    steps: int
    model: str
    dialect: str | None = Field(description="None when the model had no tools")
    usage: RunUsage


Event = Annotated[
    Notice | ThoughtDelta | Action | Observation | AnswerDelta | Answer, Field(discriminator="type")
]
