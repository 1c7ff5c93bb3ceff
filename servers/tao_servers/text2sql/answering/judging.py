"""Asks the model whether a statement answers the question."""

from tao.errors import ModelError
from tao.models.chat import ChatModel
from tao.models.json_replies import JsonModel, read_object
from tao_servers.text2sql.answering.candidate import Candidate
from tao_servers.text2sql.answering.prompting import prompt_to_judge
from tao_servers.text2sql.answering.task import Task
from tao_servers.text2sql.answering.writing import Writer

__all__ = ["objection"]

_MOST_TOKENS = 150
_MOST_CHARS = 2_000
_REASON = 300
_SCHEMA = {
    "type": "object",
    "properties": {"reason": {"type": "string"}, "answers": {"type": "boolean"}},
    "required": ["reason", "answers"],
    "additionalProperties": False,
}


async def objection(task: Task, candidate: Candidate, model: ChatModel, writer: Writer) -> str | None:
    """Why the statement does not answer the question; None when it does, or nobody can tell."""
    asked = JsonModel(model, most_chars=_MOST_CHARS, max_tokens=_MOST_TOKENS)
    try:
        reply = await asked.reply(prompt_to_judge(task, candidate), _SCHEMA)
        writer.requests += 1
        writer.count(reply.usage)
        said = read_object(reply.text)
    except (ModelError, ValueError):
        return None
    return str(said.get("reason", ""))[:_REASON] if said.get("answers") is False else None
