"""`search_knowledge`: passages for a query."""

import unicodedata
from collections.abc import Sequence
from typing import Annotated

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import Field

from tao_prompts import language_of
from tao_servers.knowledge.index import EmptyStoreError, Place
from tao_servers.knowledge.retrieving import Match, Where, parse_where
from tao_servers.knowledge.retrieving.where import WhereConditions, nothing_because
from tao_servers.knowledge.tools.answers import Passage, Passages
from tao_servers.knowledge.tools.cutting import RESULT_CHARS, size
from tao_servers.knowledge.tools.errors import RequestError, told_to_the_model
from tao_servers.knowledge.tools.library import Library
from tao_servers.knowledge.tools.parameters import Flag, Text
from tao_servers.knowledge.tools.references import address_of
from tao_servers.knowledge.tools.wording import nothing_found, others_are_there
from tao_servers.serving.results import result

__all__ = ["add_search_knowledge", "clean_query", "passages_for"]

_QUERY_CHARS = 2000
_CUTS = (None, 400, 250, 150, 80, 50)
_HEADING_CHARS = 200
_OTHERS = 10
_CUT_NOTE = "Long or low passages were cut. Ask for fewer (top_k), or read on with read_source."
_QUERY_NOTE = f"Only the first {_QUERY_CHARS} characters of the query were searched for."
# Zero-width joiners belong to words in some scripts.
_JOINERS = "\u200c\u200d"


def add_search_knowledge(server: MCPServer, library: Library, *, ingest_command: str) -> None:
    """Offer the tool; `ingest_command` is what fills the store."""

    @server.tool(
        description="Search the user's documents for passages with file and line. "
        "查资料：人物、事物、地方、作品、规定、价格，任何事实。 "
        "Use it for any fact: people, things, places, works, rules, prices.",
        annotations=ToolAnnotations(
            title="Search documents", read_only_hint=True, idempotent_hint=True, open_world_hint=False
        ),
        # Few questions need these, and a small model does better without them.
        meta={"tao/secondary_parameters": ["collection", "where", "explain"]},
    )
    def search_knowledge(
        query: Annotated[str, Field(description="What to look for, in any language")],
        top_k: Annotated[int, Field(ge=1, le=20, description="How many passages")] = 5,
        collection: Annotated[Text, Field(description="Only if there are several")] = "",
        where: WhereConditions = None,
        explain: Annotated[Flag, Field(description="Show each stage's score")] = False,
    ) -> Annotated[CallToolResult, Passages]:
        try:
            with told_to_the_model():
                found = passages_for(library, query, top_k, collection, where, explain=explain)
        except ToolError as exc:
            if isinstance(exc.__cause__, EmptyStoreError):
                raise ToolError(f"No documents yet. The user has to run: {ingest_command}") from exc
            raise
        return result(_as_text(found), found)


def passages_for(
    library: Library,
    query: str,
    top_k: int,
    collection: str | None = None,
    where: WhereConditions = None,
    *,
    explain: bool = False,
) -> Passages:
    """What is found for a query, cut to what hosts pass on; with a note where nothing is.

    Raises:
        RequestError: the query is empty, or the collection is not there.
        WhereError: a condition cannot be meant.
        EmptyStoreError: nothing was ingested yet.
        StoreError, ConfigError, ModelError: the collection or a model cannot be used.
    """
    asked = clean_query(query)
    if not asked:
        raise RequestError("The query is empty. Say what to look for, such as a product's name.")
    place = library.place_of(collection)
    conditions = parse_where(where) if where else None
    with library.searching(place) as searcher:
        rewritten = searcher.rewritten(asked[:_QUERY_CHARS])
        matches = searcher.search(
            rewritten.queries[0],
            top_k,
            also=rewritten.queries[1:],
            hypothetical=rewritten.hypothetical,
            where=conditions,
        )
    notes = [_QUERY_NOTE] if len(asked) > _QUERY_CHARS else []
    if explain and rewritten.kept:
        notes.append(f"Searched for: {' | '.join(rewritten.queries)}.")
    if not matches:
        notes.append(_why_nothing(library, place, asked, conditions))
    if not collection:
        notes += _unsearched(library, place, asked)
    return _fit(library, place, matches, notes, explain=explain)


def clean_query(query: str) -> str:
    """The query on one line, without control and formatting characters."""
    plain = (
        " " if unicodedata.category(character) in ("Cc", "Cf") and character not in _JOINERS else character
        for character in query[: 4 * _QUERY_CHARS]
    )
    return " ".join("".join(plain).split()).strip(_JOINERS)


def _why_nothing(library: Library, place: Place, query: str, where: Where | None) -> str:
    language = language_of(query)
    with library.reading(place) as catalogue:
        documents = catalogue.strength.totals().documents
        if where is None:
            return nothing_found(language, documents, None)
        satisfying = len(catalogue.documents_where(where.sql, where.values))
        if not satisfying:
            return nothing_because(where, catalogue.fields.known())
    return nothing_found(language, documents, satisfying)


def _unsearched(library: Library, place: Place, query: str) -> list[str]:
    others = [other.name[:60] for other in library.places() if other.name != place.name]
    if not others:
        return []
    shown = others[:_OTHERS] + (["…"] if len(others) > _OTHERS else [])
    return [others_are_there(language_of(query), place.name, shown)]


def _fit(
    library: Library, place: Place, matches: Sequence[Match], notes: list[str], *, explain: bool
) -> Passages:
    for cut in _CUTS:
        passages = [
            _passage(library, place, number, match, cut, explain=explain)
            for number, match in enumerate(matches, start=1)
        ]
        found = Passages(passages=passages, note=" ".join([*notes, *([_CUT_NOTE] if cut else [])]) or None)
        if size(_as_text(found), found) <= RESULT_CHARS:
            return found
    while size(_as_text(found), found) > RESULT_CHARS and found.passages:
        found.passages.pop()
    return found


def _passage(
    library: Library, place: Place, number: int, match: Match, cut: int | None, *, explain: bool
) -> Passage:
    return Passage(
        id=str(number),
        text=match.text if cut is None else match.excerpt(cut),
        source=match.source,
        path=match.path,
        line=match.line,
        page=match.page,
        heading=_cut_heading(match.heading) or None,
        start=match.start,
        end=match.end,
        score=round(match.score, 4),
        uri=address_of(library, place, match.document, (match.start, match.end)),
        steps={stage: round(score, 4) for stage, score in match.steps.items()} if explain else None,
    )


def _cut_heading(heading: str) -> str:
    # The innermost of the headings, which stands last, says most.
    return heading if len(heading) <= _HEADING_CHARS else f"…{heading[-_HEADING_CHARS:]}"


def _as_text(found: Passages) -> str:
    lines = [f"[{p.id}] {' '.join(p.text.split())} ({_place(p)}{_steps(p)})" for p in found.passages]
    return "\n".join([*lines, found.note] if found.note else lines)


def _place(passage: Passage) -> str:
    # Lines of a text that was taken from pages are nowhere to be seen.
    if passage.page is not None:
        return f"{passage.source} p. {passage.page}"
    return f"{passage.source}:{passage.line}"


def _steps(passage: Passage) -> str:
    if passage.steps is None:
        return ""
    return "".join(
        f"; {stage} {score:g}" for stage, score in {**passage.steps, "score": passage.score}.items()
    )
