"""Prints an answer: for people, or as one JSON object."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from tao_prompts.language import Language
from tao_servers.serving.tables import show
from tao_servers.text2sql.one_line import one_line

if TYPE_CHECKING:
    from tao_servers.text2sql.answering.outcome import Outcome
    from tao_servers.text2sql.answers.ask_result import AskResult

__all__ = ["print_answer"]

_LONGEST_CELL = 200
_ZH = {
    "more": "只列出前 {n} 行，还有更多：--csv 文件名 可写出全部行，"
    "tao-text2sql --max-rows N ask … 可多列一些。",
    "tables": "用到的表：{names}",
    "assumptions": "前提：",
    "others": "其他理解：",
    "other": "  {reading}（{rows} 行，{votes} 票）",
    "confidence": "把握：{share}",
}
_EN = {
    "more": "Only the first {n} rows are here: --csv FILE writes them all,"
    " `tao-text2sql --max-rows N ask ...` lists more.",
    "tables": "Tables used: {names}",
    "assumptions": "Assumptions:",
    "others": "Other readings:",
    "other": "  {reading} (rows: {rows}, votes: {votes})",
    "confidence": "Confidence: {share}",
}


def print_answer(outcome: "Outcome", *, as_json: bool = False, has_csv: bool = False) -> "AskResult":
    """Print the answer on stdout, with all the rows that were read; gives what was printed."""
    from tao_servers.text2sql.answers.asked import whole_answer

    value = whole_answer(outcome)
    if as_json:
        click.echo(value.model_dump_json(exclude_none=True))
        return value
    language = outcome.task.language
    click.echo(value.answer)
    if value.question_back is not None:
        click.echo(f"\n{value.question_back}")
    # One value stands in the sentence.
    if len(value.rows) > 1 or (value.rows and len(value.columns) > 1):
        click.echo()
        _show_rows(value)
    for line in _about(value, language, has_csv=has_csv):
        click.echo(line)
    return value


def _show_rows(value: "AskResult") -> None:
    from tao_servers.text2sql.explaining.describing import cell_text

    cells = [[cell_text(cell, _LONGEST_CELL) for cell in row] for row in value.rows]
    show([[one_line(name) for name in value.columns], *cells], sys.stdout)


def _about(value: "AskResult", language: Language, *, has_csv: bool) -> Iterator[str]:
    phrases = _ZH if language == "zh" else _EN
    if value.truncated and not has_csv:
        yield phrases["more"].format(n=len(value.rows))
    if value.note is not None:
        yield f"\n{value.note}"
    if value.sql is not None:
        yield f"\n{_printable(value.sql)}\n"
        if value.tables:
            yield phrases["tables"].format(names=", ".join(value.tables))
    if value.assumptions:
        yield "\n".join([phrases["assumptions"], *(f"  {text}" for text in value.assumptions)])
    if value.sql is not None:
        yield phrases["confidence"].format(share=f"{value.confidence:.2f}")
    if value.alternatives:
        yield f"\n{phrases['others']}"
    for one in value.alternatives:
        yield phrases["other"].format(reading=one.reading, rows=one.row_count, votes=one.votes)
        yield f"    {one_line(one.sql)}"


def _printable(sql: str) -> str:
    """A statement line by line: what a model wrote must not drive the terminal."""
    lines = sql.split("\n")
    return "\n".join(" " * (len(line) - len(line.lstrip(" "))) + one_line(line) for line in lines)
