"""The text of an answer: all that its value says, in the language of the question."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tao_prompts.language import Language
from tao_servers.text2sql.answers.rows import markdown_table
from tao_servers.text2sql.one_line import one_line

if TYPE_CHECKING:
    from tao_servers.text2sql.answers.ask_result import Alternative, AskResult

__all__ = ["Wording", "told"]

_ZH = {
    "tables": "用到的表：{names}",
    "assumptions": "前提：",
    "others": "其他理解：",
    "other": "- {reading}（{rows} 行，{votes} 票）：{sql}",
    "confidence": "把握：{share}",
    "chart": "图表（Vega-Lite）：{kind}",
    "rest": "这里只有 {shown} 行，共{over} {found} 行。",
    "rest csv": "全部行（csv，分页读取）：{csv}",
    "rest sql": "其余的行请用 run_sql 加 LIMIT 和 OFFSET 读取，或改为汇总。",
    "over": "超过",
    "cells": "以 … 结尾的文本被截短。",
    "sql": "SQL 太长，这里只有开头。",
    "large": "结果和 SQL 太长，这里放不下；请少选几列，或先汇总。",
    "no answer": "没有得到能运行的 SQL（共试了 {n} 次），所以没有答案。",
    "no problem": "模型没有写出任何 SQL。",
    "problem": "最后一次的问题：{text}",
    "advice": "请换个说法，写出表名或列名；也可以自己写 SQL。",
}
_EN = {
    "tables": "Tables used: {names}",
    "assumptions": "Assumptions:",
    "others": "Other readings:",
    "other": "- {reading} (rows: {rows}, votes: {votes}): {sql}",
    "confidence": "Confidence: {share}",
    "chart": "Chart (Vega-Lite): {kind}",
    "rest": "Only {shown} of {over}{found} rows are here.",
    "rest csv": "All rows (csv, page by page): {csv}",
    "rest sql": "Get the others with run_sql, LIMIT and OFFSET, or aggregate.",
    "over": "more than ",
    "cells": "Texts that end in … are cut.",
    "sql": "The SQL is too long; here is its beginning.",
    "large": "The result and its SQL are too long to show here; select fewer columns, or aggregate.",
    "no answer": "None of {n} attempts gave SQL that runs, so there is no answer.",
    "no problem": "The model wrote no SQL.",
    "problem": "What was wrong with the last one: {text}",
    "advice": "Say it in other words, name the table or the column; or write the SQL yourself.",
}


class Wording:
    """Phrases round an answer, in one language."""

    def __init__(self, language: Language) -> None:
        self._phrases = _ZH if language == "zh" else _EN

    def said(self, phrase: str, **values: object) -> str:
        """A phrase with its values."""
        return self._phrases[phrase].format(**values)

    def rest(self, shown: int, found: int, *, more: bool) -> str:
        """How many rows are missing."""
        return self.said("rest", shown=shown, found=found, over=self.said("over") if more else "")

    def no_statement(self, problem: str | None) -> str:
        """Why no statement ran, and what to do."""
        why = self.said("problem", text=problem) if problem else self.said("no problem")
        return f"{why} {self.said('advice')}"


def told(value: "AskResult", wording: Wording) -> str:
    """All that `value` says, as Markdown."""
    return "\n\n".join(_paragraphs(value, wording))


def _paragraphs(value: "AskResult", wording: Wording) -> Iterator[str]:
    yield value.answer
    if value.question_back is not None:
        yield value.question_back
    if value.rows:
        yield markdown_table(value.columns, value.rows)
    notes = [value.note] if value.note is not None else []
    # The value has the address only once: it may be as long as its statement.
    notes += [wording.said("rest csv", csv=value.csv)] if value.csv is not None else []
    if notes:
        yield " ".join(notes)
    if value.sql is not None:
        yield _fenced(value.sql)
        yield "\n".join(_about(value, wording))
    if value.alternatives:
        yield "\n".join([wording.said("others"), *(_other(one, wording) for one in value.alternatives)])


def _fenced(sql: str) -> str:
    longest = max((len(run) for run in re.findall("`+", sql)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}sql\n{sql}\n{fence}"


def _about(value: "AskResult", wording: Wording) -> Iterator[str]:
    if value.tables:
        yield wording.said("tables", names=", ".join(value.tables))
    if value.assumptions:
        yield wording.said("assumptions")
        yield from (f"- {one}" for one in value.assumptions)
    if value.chart is not None:
        yield wording.said("chart", kind=_chart_in_words(value.chart))
    yield wording.said("confidence", share=f"{value.confidence:.2f}")


def _other(one: "Alternative", wording: Wording) -> str:
    sql = " ".join(one.sql.splitlines())
    return wording.said("other", reading=one.reading, rows=one.row_count, votes=one.votes, sql=sql)


def _chart_in_words(chart: Mapping[str, Any]) -> str:
    """What a chart draws."""
    mark = chart.get("mark")
    kind = mark.get("type") if isinstance(mark, Mapping) else mark
    encoding = chart.get("encoding") or {}
    fields = [
        f"{channel}: {one.get('title') or one['field']}"
        for channel, one in encoding.items()
        if isinstance(one, Mapping) and "field" in one
    ]
    return one_line(f"{kind} ({', '.join(fields)})" if fields else str(kind))
