"""The prompt `answer`: a question with the passages that answer it."""

from typing import Annotated

from mcp import MCPError
from mcp.server import MCPServer
from mcp.types import INTERNAL_ERROR, INVALID_PARAMS
from pydantic import Field

from tao_prompts import language_of, render
from tao_servers.knowledge.index import EmptyStoreError
from tao_servers.knowledge.ingesting.framing import framed
from tao_servers.knowledge.tools.answers import Passage
from tao_servers.knowledge.tools.errors import USABLE_ERRORS, RequestError
from tao_servers.knowledge.tools.library import Library
from tao_servers.knowledge.tools.searching import clean_query, passages_for

__all__ = ["add_answer_prompt"]

_PASSAGES = 5
_QUESTION_CHARS = 4000


def add_answer_prompt(server: MCPServer, library: Library, *, ingest_command: str) -> None:
    """Offer the prompt; `ingest_command` is what fills the store."""

    @server.prompt(
        title="Answer from my documents",
        description="A question with the passages that may answer it. 根据我的资料回答问题。",
    )
    def answer(question: Annotated[str, Field(description="The question, in any language")]) -> str:
        try:
            found = passages_for(library, question, _PASSAGES)
        except EmptyStoreError as exc:
            raise MCPError(INVALID_PARAMS, f"No documents yet. Run: {ingest_command}") from exc
        except RequestError as exc:
            raise MCPError(INVALID_PARAMS, str(exc)) from exc
        except USABLE_ERRORS as exc:
            raise MCPError(INTERNAL_ERROR, str(exc)) from exc
        asked = clean_query(question)[:_QUESTION_CHARS]
        context = "\n".join(map(_framed, found.passages)) or framed(found.note or "")
        return render("knowledge/answer", language_of(asked), {"context": context, "question": asked})


def _framed(passage: Passage) -> str:
    place = f"p. {passage.page}" if passage.page is not None else f"line {passage.line}"
    # A file may be named like the end of a tag, too.
    source = framed(passage.source).replace('"', "'")
    return f'<passage id="{passage.id}" source="{source}, {place}">\n{framed(passage.text)}\n</passage>'
