"""The answer to a question: what it says, the statement and rows behind it, and what else may be meant."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tao_servers.text2sql.answering.candidate import Candidate
from tao_servers.text2sql.answering.outcome import Outcome
from tao_servers.text2sql.answering.task import Task
from tao_servers.text2sql.answers.ask_result import Alternative, AskResult
from tao_servers.text2sql.answers.asked_text import Wording, told
from tao_servers.text2sql.answers.fitting import LONGEST, LONGEST_HEADING, cut, first_short, is_short
from tao_servers.text2sql.limits import Cell, Rows
from tao_servers.text2sql.one_line import one_line

__all__ = ["present_answer", "whole_answer"]

_CELLS = (2_000, 400, 100, 30)
_ENOUGH = 10
_MOST_ALTERNATIVES = 3
_LONGEST_SQL = 1_000
_SHORT_SQL, _SHORT_HEADING, _SHORT_ANSWER = 300, 20, 400
_MOST_COLUMNS = 40
_MOST_TABLES = 12
_LONGEST_TITLE = 60
_LONGEST_PROBLEM = 600


@dataclass(frozen=True, slots=True)
class _Form:
    """All that could be shown, and how much of it is."""

    rows: Rows
    value: AskResult
    wording: Wording
    csv: str | None

    def with_(self, **changes: Any) -> "_Form":
        return replace(self, value=self.value.model_copy(update=changes))

    def made(self, shown: Sequence[list[Cell]], count: int) -> tuple[str, AskResult]:
        """The text and the value with `count` rows."""
        found = len(self.rows.rows)
        is_cut = self.rows.more or count < found
        # The whole of a text is in the csv as well.
        has_cut_cells = any(a is not b and a != b for a, b in _pairs(shown[:count], self.rows.rows))
        csv = self.csv if is_cut or has_cut_cells else None
        notes = [self.value.note] if self.value.note else []
        if is_cut:
            notes.append(self.wording.rest(count, found, more=self.rows.more))
            notes += [] if csv else [self.wording.said("rest sql")]
        if has_cut_cells:
            notes.append(self.wording.said("cells"))
        update = {"rows": list(shown[:count]), "truncated": is_cut, "csv": csv}
        value = self.value.model_copy(update={**update, "note": " ".join(notes) or None})
        return told(value, self.wording), value


def present_answer(outcome: Outcome, *, csv: str | None = None) -> tuple[str, AskResult]:
    """The answer as a text and as a value that say the same, cut to the room there is.

    `csv` is the address of all the rows, told where they are not all here. Rows beyond the first few go
    first, then the data of the chart, then the chart, then the other readings, then the address, then most
    of the SQL; only where not even one row has room, the rows.
    """
    chosen, wording, value = outcome.chosen, Wording(outcome.task.language), _made(outcome)
    if chosen is None or chosen.rows is None:
        return told(value, wording), value
    return _fitted(_Form(chosen.rows, value, wording, csv), chosen.sql)


def whole_answer(outcome: Outcome) -> AskResult:
    """The answer with all the rows that were read, however large, for those who read no tool's results."""
    value, chosen = _made(outcome), outcome.chosen
    if chosen is None or chosen.rows is None:
        return value
    rows = [[_shown(cell) for cell in row] for row in chosen.rows.rows]
    return value.model_copy(update={"rows": rows, "truncated": chosen.rows.more})


def _made(outcome: Outcome) -> AskResult:
    """The answer without its rows."""
    chosen = outcome.chosen
    if chosen is None or chosen.rows is None:
        return _unanswered(outcome, Wording(outcome.task.language))
    return _answered(outcome, chosen, chosen.rows)


def _answered(outcome: Outcome, chosen: Candidate, rows: Rows) -> AskResult:
    from tao_servers.text2sql.explaining import answer_sentence, assumptions, formatted, question_back

    task, back = outcome.task, question_back(outcome)
    tables = chosen.checked.tables if chosen.checked is not None else ()
    return AskResult(
        answer=answer_sentence(chosen.sql, rows, task.schema, task.language),
        sql=formatted(chosen.sql, task.schema.dialect),
        columns=[one_line(name, LONGEST_HEADING) for name in rows.columns],
        row_count=len(rows.rows),
        confidence=round(outcome.confidence, 2),
        assumptions=assumptions(outcome),
        alternatives=list(_alternatives(outcome)),
        chart=_chart(chosen.sql, rows, task),
        ambiguous=back is not None,
        question_back=back,
        tables=[one_line(table.full_name, LONGEST_HEADING) for table in tables[:_MOST_TABLES]],
    )


def _chart(sql: str, rows: Rows, task: Task) -> dict[str, Any] | None:
    from tao_servers.text2sql.explaining import families_of, headings
    from tao_servers.text2sql.explaining.charting import chart

    title = one_line(task.question, _LONGEST_TITLE)
    return chart(
        rows,
        families_of(sql, rows, task.schema),
        title=title,
        language=task.language,
        headings=headings(sql, rows, task.schema, task.language),
    )


def _alternatives(outcome: Outcome) -> Iterator[Alternative]:
    from tao_servers.text2sql.explaining import reading_of

    task = outcome.task
    for reading in outcome.readings[1 : 1 + _MOST_ALTERNATIVES]:
        candidate = reading.candidate
        count = len(candidate.rows.rows) if candidate.rows is not None else 0
        text = reading_of(candidate.sql, task.schema, task.language)
        yield Alternative(
            sql=cut(candidate.sql, _LONGEST_SQL), reading=text, row_count=count, votes=reading.votes
        )


def _unanswered(outcome: Outcome, wording: Wording) -> AskResult:
    problems = [one.problem for one in outcome.tried if one.problem is not None]
    last = one_line(problems[-1].text, _LONGEST_PROBLEM) if problems else None
    return AskResult(answer=wording.said("no answer", n=len(outcome.tried)), note=wording.no_statement(last))


def _fitted(whole: _Form, plain: str) -> tuple[str, AskResult]:
    """The fullest form with enough rows, else the one with the most; without any only where none has room."""
    found = len(whole.rows.rows)
    return (
        _with_rows(_forms(whole, plain), found, enough=_ENOUGH)
        or _with_rows(_scant_forms(whole, plain), found, enough=1)
        or first_short(form.made((), 0) for form in _rowless_forms(whole, plain))
    )


def _with_rows(forms: Iterable[_Form], found: int, *, enough: int) -> tuple[str, AskResult] | None:
    """The first form with enough rows, else the one with the most; None when no row has room in any."""
    best, most = None, min(found, 1) - 1
    for form in forms:
        shown, count = _most_rows(form)
        if count > most:
            best, most = form.made(shown, count), count
        if count >= min(found, enough):
            break
    return best


def _forms(whole: _Form, plain: str) -> Iterator[_Form]:
    """All but what can be asked for anew."""
    yield whole
    chart = whole.value.chart
    if chart is not None:
        # Its titles name the columns of the rows.
        yield whole.with_(chart={**chart, "data": {"name": "rows"}})
    yield whole.with_(chart=None)
    bare = whole.with_(chart=None, alternatives=[])
    yield bare
    yield bare.with_(sql=plain)


def _scant_forms(whole: _Form, plain: str) -> Iterator[_Form]:
    """Rows, with ever less of what stands round them."""
    bare = replace(whole.with_(chart=None, alternatives=[], sql=plain), csv=None)
    yield bare
    assumptions = bare.value.assumptions[:2]
    yield bare.with_(
        sql=cut(plain, _LONGEST_SQL), assumptions=assumptions, note=_note(bare, plain, _LONGEST_SQL)
    )
    yield bare.with_(
        sql=cut(plain, _SHORT_SQL),
        assumptions=[],
        tables=[],
        columns=[cut(name, _SHORT_HEADING) for name in bare.value.columns],
        note=_note(bare, plain, _SHORT_SQL),
    )


def _rowless_forms(whole: _Form, plain: str) -> Iterator[_Form]:
    """What stands round the rows, ever less of it; the last has room whatever the names and texts are."""
    form = whole.with_(chart=None, note=whole.wording.said("large" if whole.rows.rows else "sql"))
    yield form
    form = form.with_(alternatives=[])
    yield form
    form = form.with_(
        sql=cut(plain, _LONGEST_SQL),
        assumptions=form.value.assumptions[:2],
        columns=form.value.columns[:_MOST_COLUMNS],
    )
    yield form
    form = form.with_(columns=[])
    yield form
    form = replace(form.with_(sql=cut(plain, _SHORT_SQL), assumptions=[], tables=[]), csv=None)
    yield form
    # A character takes up to seven: one in the text, six in JSON.
    yield form.with_(answer=cut(form.value.answer, _SHORT_ANSWER), question_back=None)


def _note(form: _Form, plain: str, longest: int) -> str | None:
    return form.wording.said("sql") if len(plain) > longest else None


def _most_rows(form: _Form) -> tuple[list[list[Cell]], int]:
    """The rows, their cells as long as lets enough of them in, and how many have room; -1: not even none."""
    best: tuple[list[list[Cell]], int] = ([], -1)
    for longest in _CELLS:
        shown = [[_shown(cell, longest) for cell in row] for row in form.rows.rows]
        count = _room(form, shown)
        if count > best[1]:
            best = (shown, count)
        if count >= min(len(shown), _ENOUGH):
            break
    return best


def _room(form: _Form, shown: Sequence[list[Cell]]) -> int:
    most = _most_at_all(shown)
    if most == len(shown) and is_short(*form.made(shown, most)):
        # All of them can be shorter than most of them with the note on the rest.
        return most
    low, high = -1, min(most, len(shown) - 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if is_short(*form.made(shown, middle)) else (low, middle - 1)
    return low


def _most_at_all(shown: Sequence[list[Cell]]) -> int:
    """How many rows would have room by themselves at most: to try more would only take time."""
    size = 0
    for count, row in enumerate(shown):
        size += sum(len(str(cell)) + 2 for cell in row)
        if size > LONGEST:
            return count
    return len(shown)


def _pairs(shown: Sequence[list[Cell]], rows: Sequence[list[Cell]]) -> Iterator[tuple[Cell, Cell]]:
    for left, right in zip(shown, rows, strict=False):
        yield from ((a, b) for a, b in zip(left, right, strict=True) if isinstance(a, str))


def _shown(cell: Cell, longest: int | None = None) -> Cell:
    if isinstance(cell, float):
        # Fractions end in noise such as .30000000000000004; fifteen digits are exact, as sums of money need.
        return float(f"{cell:.15g}")
    return cut(cell, longest) if longest is not None and isinstance(cell, str) else cell
