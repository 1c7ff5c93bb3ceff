"""The answer to a question: what it says, the statement and rows behind it, and what else may be meant."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tao_servers.text2sql.answering.candidate import Candidate
from tao_servers.text2sql.answering.outcome import Outcome
from tao_servers.text2sql.answering.task import Task
from tao_servers.text2sql.answers.ask_result import Alternative, AskResult
from tao_servers.text2sql.answers.asked_text import Wording, told
from tao_servers.text2sql.answers.fitting import LONGEST_HEADING, cut, is_short
from tao_servers.text2sql.limits import Cell, Rows
from tao_servers.text2sql.one_line import one_line

__all__ = ["present_answer", "whole_answer"]

_CELLS = (2_000, 400, 100, 30)
_ENOUGH = 10
_MOST_ALTERNATIVES = 3
_LONGEST_SQL = 1_000
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
    shows_rows: bool = True

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
            notes.append(self.wording.rest(count, found, csv, more=self.rows.more))
        if has_cut_cells:
            notes.append(self.wording.said("cells"))
        update = {"rows": list(shown[:count]), "truncated": is_cut, "csv": csv}
        value = self.value.model_copy(update={**update, "note": " ".join(notes) or None})
        return told(value, self.wording), value


def present_answer(outcome: Outcome, *, csv: str | None = None) -> tuple[str, AskResult]:
    """The answer as a text and as a value that say the same, cut to the room there is.

    `csv` is the address of all the rows, told where they are not all here. Rows go first, then the data of
    the chart, then the chart, then the other readings.
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
        columns=[cut(name, LONGEST_HEADING) for name in rows.columns],
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
    from tao_servers.text2sql.explaining import families_of
    from tao_servers.text2sql.explaining.charting import chart

    title = one_line(task.question, _LONGEST_TITLE)
    return chart(rows, families_of(sql, rows, task.schema), title=title, language=task.language)


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
    """The fullest form that has room for some rows, else the first that has room at all."""
    narrow = None
    for form in _forms(whole, plain):
        shown, count = _most_rows(form)
        if not is_short(*form.made(shown, count)):
            continue
        narrow = narrow or (form, shown, count)
        if count >= min(len(form.rows.rows), _ENOUGH) or not form.shows_rows:
            return form.made(shown, count)
    if narrow is None:
        raise AssertionError("the last form has room")
    form, shown, count = narrow
    return form.made(shown, count)


def _forms(whole: _Form, plain: str) -> Iterator[_Form]:
    yield whole
    chart = whole.value.chart
    if chart is not None:
        # Its titles name the columns of the rows.
        yield whole.with_(chart={**chart, "data": {"name": "rows"}})
    yield whole.with_(chart=None)
    bare = whole.with_(chart=None, alternatives=[])
    yield bare
    yield bare.with_(sql=plain)
    note = whole.wording.said("large")
    least = bare.with_(
        sql=cut(plain, _LONGEST_SQL),
        assumptions=whole.value.assumptions[:2],
        columns=whole.value.columns[:_MOST_COLUMNS],
        note=note,
    )
    yield replace(least, shows_rows=False, csv=None)


def _most_rows(form: _Form) -> tuple[list[list[Cell]], int]:
    """The rows, their cells as long as lets enough of them in, and how many have room."""
    best: tuple[list[list[Cell]], int] = ([], 0)
    for longest in _CELLS if form.shows_rows else ():
        shown = [[_shown(cell, longest) for cell in row] for row in form.rows.rows]
        low, high = 0, len(shown)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if is_short(*form.made(shown, middle)) else (low, middle - 1)
        if low > best[1] or not best[0]:
            best = (shown, low)
        if low >= min(len(shown), _ENOUGH):
            break
    return best


def _pairs(shown: Sequence[list[Cell]], rows: Sequence[list[Cell]]) -> Iterator[tuple[Cell, Cell]]:
    for left, right in zip(shown, rows, strict=False):
        yield from ((a, b) for a, b in zip(left, right, strict=True) if isinstance(a, str))


def _shown(cell: Cell, longest: int | None = None) -> Cell:
    if isinstance(cell, float):
        # Fractions end in noise such as .30000000000000004; fifteen digits are exact, as sums of money need.
        return float(f"{cell:.15g}")
    return cut(cell, longest) if longest is not None and isinstance(cell, str) else cell
