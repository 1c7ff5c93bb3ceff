"""What an answer takes for granted, so that a user sees where it may have gone wrong."""

import datetime
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from tao_prompts.language import Language
from tao_servers.text2sql.linking import DateMatch, find_dates
from tao_servers.text2sql.one_line import one_line
from tao_servers.text2sql.schema import Table

if TYPE_CHECKING:
    from sqlglot import exp

    from tao_servers.text2sql.answering.candidate import Candidate
    from tao_servers.text2sql.answering.outcome import Outcome
    from tao_servers.text2sql.answering.task import Task
    from tao_servers.text2sql.explaining.parts import Parts
    from tao_servers.text2sql.explaining.words import Words
    from tao_servers.text2sql.linking import ValueMatch

__all__ = ["assumptions"]

_MOST = 8
_MOST_ALIKE = 2
_LONGEST = 240
_LONGEST_VALUE = 60
# Smaller whole numbers are read alike by everybody.
_LARGE = 1000

_ZH = {
    "value": "“{words}”按 {place} = '{value}' 理解",
    "dates": "“{words}”= {first} 至 {last}",
    "from": "“{words}”= {first} 起",
    "until": "“{words}”= 截至 {last}",
    "as of": "（以 {day} 为今天）",
    "clock": "“今天”取数据库自己的时间",
    "number": "“{words}”= {value}",
    "case": "文本比较不区分大小写",
    "whole": "整数相除，小数部分被舍去：{x}",
    "else": "COUNT 把每一行都算在内，ELSE 给出 {x} 的行也算",
    "ties": "按 {x} 取前 {n} 行，最后两行的值相同，可能还有并列的行没有列出",
    "counted": "COUNT(*) 数的是 {a} 的行",
    "combined": "COUNT(*) 数的是 {a} 与 {b} 的每一种组合，数目可能偏大",
    "multiplied": "{x}：{a} 的一行若对应多行 {b}，就会重复计入",
    "dropped": "问题中的“{words}”（{place}）没有用到",
    "unasked": "问题中没有“{value}”，这是模型的理解",
    "unconnected": "{a} 与 {b} 之间没有连接条件，每一行都与对方的每一行组合，结果可能重复",
    "text": "“{a}”不是列名，按文本处理",
}
_EN = {
    "value": "{words!r} was taken as {place} = {value!r}",
    "dates": "{words!r} = {first} to {last}",
    "from": "{words!r} = from {first} on",
    "until": "{words!r} = up to {last}",
    "as of": ", as of {day}",
    "clock": "Today is what the database's own clock says",
    "number": "{words!r} = {value}",
    "case": "Texts are compared whatever their case",
    "whole": "Whole numbers are divided, and the fraction is dropped: {x}",
    "else": "COUNT counts every row, those that ELSE gives {x} for as well",
    "counted": "What is counted are the rows of {a}",
    "combined": "What is counted are all combinations of a row of {a} with one of {b}, which may be too many",
    "multiplied": "{x}: a row of {a} that has several of {b} is taken several times",
    "dropped": "{words!r} of the question ({place}) is not looked for",
    "unasked": "{value!r} is not in the question: the model took it for what is meant",
    "ties": "The first {n} by {x}: the last two have the same value, so there may be more with it",
}
_UNCONNECTED = re.compile(r"Nothing connects '(?P<a>[^']+)' and '(?P<b>[^']+)'")
_MENDS = (
    (re.compile(r"wrote (?P<a>.+) for (?P<b>.+)", re.DOTALL), "“{b}”没有这个名称，按“{a}”理解"),
    (re.compile(r"took (?P<a>[\d-]+) for today"), "“今天”取 {a}"),
    (re.compile(r"took (?P<a>.+) from (?P<b>.+) instead of (?P<c>.+)", re.DOTALL), "“{a}”取自 {b}，不是 {c}"),
    (re.compile(r"took (?P<a>.+) from (?P<b>.+)", re.DOTALL), "“{a}”取自 {b}"),
    (re.compile(r"joined on (?P<a>.+) instead of (?P<b>.+)", re.DOTALL), "连接条件用 {a}，不是 {b}"),
    (re.compile(r"joined on (?P<a>.+)", re.DOTALL), "补上了连接条件 {a}"),
    (re.compile(r"joined (?P<a>.+) on (?P<b>.+)", re.DOTALL), "补上了与 {a} 的连接：{b}"),
    (re.compile("divided with the fraction kept"), "相除时保留小数"),
    (re.compile(r"'(?P<a>.+)' is no column and so taken for text", re.DOTALL), "“{a}”不是列名，按文本处理"),
)
_TAKEN_FOR_TEXT = re.compile(r"'(?P<a>[^']+)' is no column and so taken for text")


def assumptions(outcome: "Outcome") -> list[str]:
    """What the chosen statement takes for granted, a short sentence each, in the question's language.

    Only what the statement really has in it is told: a date that it does not use is no assumption of it.
    """
    chosen = outcome.chosen
    if chosen is None:
        return []
    # What weighs most goes first, since there is not room for everything.
    warnings = chosen.checked.warnings if chosen.checked is not None else ()
    found = [_warned(text, outcome.task.language) for text in warnings]
    found += _from_link(chosen, outcome.task)
    found += _mended(chosen.mends, outcome.task.language)
    found += _from_statement(chosen, outcome.task)
    found += _questioned(chosen, outcome.task)
    return [one_line(text, _LONGEST) for text in dict.fromkeys(found)][:_MOST]


def _mended(mends: Sequence[str], language: Language) -> Iterator[str]:
    """What was changed about names; mended signs and brackets change nothing of what is asked."""
    for text in mends:
        for pattern, chinese in _MENDS:
            if (found := pattern.fullmatch(text)) is not None:
                yield chinese.format(**found.groupdict()) if language == "zh" else text
                break


def _said(language: Language, phrase: str, **values: object) -> str:
    return (_ZH if language == "zh" else _EN)[phrase].format(**values)


def _from_link(chosen: "Candidate", task: "Task") -> Iterator[str]:
    """What words of the question were taken for."""
    from sqlglot import exp

    from tao_servers.text2sql.explaining.parts import query_of

    tree = query_of(chosen.sql, task.schema.dialect)
    if tree is None:
        return
    literals = list(tree.find_all(exp.Literal))
    texts = {one.name for one in literals if one.is_string}
    for match in _values_used(task.link.values, _compared(tree, task)):
        place = one_line(f"{match.table}.{match.column}", 2 * _LONGEST_VALUE)
        value = one_line(match.value, _LONGEST_VALUE)
        yield _said(task.language, "value", words=match.words, place=place, value=value)
    whole = " ".join(one.name for one in literals)
    yield from (_date_told(one, task) for one in task.link.dates if _is_used(one, whole))
    yield from _clock_told(tree, texts, task)
    numbers = {float(one.name) for one in literals if one.is_number and _is_number(one.name)}
    for number in task.link.numbers:
        if float(number.value) in numbers and (number.value >= _LARGE or number.value != int(number.value)):
            yield _said(task.language, "number", words=number.words, value=number.value)


def _questioned(chosen: "Candidate", task: "Task") -> Iterator[str]:
    """Texts that only the question has, or only the statement."""
    from sqlglot import exp

    from tao_servers.text2sql.explaining.parts import query_of
    from tao_servers.text2sql.explaining.questioned import dropped, unasked

    tree = query_of(chosen.sql, task.schema.dialect)
    if tree is None:
        return
    texts = [one for one in tree.find_all(exp.Literal) if one.is_string]
    # What is an argument of another function is a format or a unit.
    compared = [text.name for text in texts if isinstance(text.parent, exp.Predicate | exp.Lower | exp.Upper)]
    for match in islice(dropped(task, compared, chosen.sql), _MOST_ALIKE):
        place = one_line(f"{match.table}.{match.column}", 2 * _LONGEST_VALUE)
        yield _said(task.language, "dropped", words=one_line(match.words, _LONGEST_VALUE), place=place)
    for text in islice(unasked(task, compared), _MOST_ALIKE):
        yield _said(task.language, "unasked", value=one_line(text, _LONGEST_VALUE))


def _compared(tree: "exp.Expr", task: "Task") -> set[tuple[str, str, str]]:
    """The texts that the statement looks for, each with the table and the column where it does."""
    from sqlglot import exp

    from tao_servers.text2sql.explaining.parts import selects

    every = {id(one.select): one for one in selects(tree, task.schema)}
    sources = [source for one in every.values() for source in one.sources.values()]
    tables = [source.full_name for source in sources if isinstance(source, Table)]
    found = set()
    for text in tree.find_all(exp.Literal):
        condition = text.find_ancestor(exp.Predicate, exp.Case)
        for column in condition.find_all(exp.Column) if condition is not None else ():
            select = every.get(id(column.find_ancestor(exp.Select)))
            meant = select.column(column) if select is not None else None
            # What a query in FROM gives comes from one of the tables.
            places = (
                [(meant[0].full_name, meant[1].name)] if meant else [(one, column.name) for one in tables]
            )
            found |= {(table.lower(), name.lower(), text.name) for table, name in places}
    return found


def _values_used(
    matches: Iterable["ValueMatch"], compared: set[tuple[str, str, str]]
) -> Iterator["ValueMatch"]:
    """Values in the statement that the question calls otherwise, each where the statement looks for it."""
    told: set[tuple[str, str, str]] = set()
    for match in matches:
        place = (match.table.lower(), match.column.lower(), match.value)
        if place in compared and match.words != match.value and place not in told:
            told.add(place)
            yield match


def _is_used(date: DateMatch, literals: str) -> bool:
    """Whether a side of the range stands in the statement, in one of the ways in which dates are written."""
    if date.first is not None and date.last is not None and date.first == date.last:
        return _stands(date.first, literals)
    ends = [day for day in (date.first, date.last) if day is not None]
    ends += [date.last + datetime.timedelta(days=1)] if date.last and date.last < datetime.date.max else []
    if any(_stands(day, literals) for day in ends):
        return True
    first, last = date.first, date.last
    if first is None or last is None or (first.day, (last + datetime.timedelta(days=1)).day) != (1, 1):
        return False
    # Whole months: '2026-10%', or the year alone.
    whole = {first.strftime("%Y-%m"), last.strftime("%Y-%m"), first.strftime("%Y%m")}
    if (first.month, last.month) == (1, 12):
        whole.add(str(first.year))
    # '2026-10-05' is a day in the month, and not the month.
    return re.search(rf"(?<!\d)(?:{'|'.join(whole)})(?!-?\d)", literals) is not None


def _stands(day: datetime.date, literals: str) -> bool:
    return day.isoformat() in literals or day.strftime("%Y%m%d") in literals


def _date_told(date: DateMatch, task: "Task") -> str:
    first, last = date.first, date.last
    if first is None or last is None:
        phrase = "until" if first is None else "from"
        text = _said(task.language, phrase, words=date.words, first=first, last=last)
    else:
        text = _said(task.language, "dates", words=date.words, first=first, last=last)
    is_relative = date.words not in {one.words for one in find_dates(task.question)}
    if is_relative and task.as_of is not None:
        text += _said(task.language, "as of", day=task.as_of)
    return text


def _clock_told(tree: "exp.Expr", texts: set[str], task: "Task") -> Iterator[str]:
    from sqlglot import exp

    now = (exp.CurrentDate, exp.CurrentDatetime, exp.CurrentTimestamp)
    if tree.find(*now) is not None or "now" in {text.lower() for text in texts}:
        yield _said(task.language, "clock")


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d+(?:\.\d*)?|\.\d+", text) is not None


def _from_statement(chosen: "Candidate", task: "Task") -> Iterator[str]:
    """What the statement does that a reader may not expect."""
    from sqlglot import exp

    from tao_servers.text2sql.explaining.divisions import divisions_without_fraction
    from tao_servers.text2sql.explaining.parts import Parts, query_of
    from tao_servers.text2sql.explaining.reading import Told

    tree = query_of(chosen.sql, task.schema.dialect)
    if not isinstance(tree, exp.Select):
        return
    parts = Parts(tree, task.schema)
    words = Told(task.schema, task.language).words(parts)
    if any(_ignores_case(one) for one in parts.filters):
        yield _said(task.language, "case")
    for division, inside in divisions_without_fraction(tree, task.schema):
        yield _said(task.language, "whole", x=Told(task.schema, task.language).words(inside).value(division))
        break
    yield from (_said(task.language, "else", x=one) for one in _counted_anyway(tree))
    yield from _joined_told(parts, words, task.language)
    tied = _tied_column(chosen, parts)
    if tied is not None:
        yield _said(task.language, "ties", n=parts.limit, x=words.value(parts.outputs[tied]))


def _joined_told(parts: "Parts", words: "Words", language: Language) -> Iterator[str]:
    from tao_servers.text2sql.explaining.multiplied import combined, counted_table, multiplied

    counted, both = counted_table(parts), combined(parts)
    if counted is not None:
        yield _said(language, "counted", a=counted.full_name)
    if both is not None:
        yield _said(language, "combined", a=both[0].full_name, b=both[1].full_name)
    for call, one, many in islice(multiplied(parts), _MOST_ALIKE):
        yield _said(language, "multiplied", x=words.value(call), a=one.full_name, b=many.full_name)


def _counted_anyway(tree: "exp.Expr") -> Iterator[str]:
    """What ELSE gives in a COUNT of a CASE, where that is counted like the rest."""
    from sqlglot import exp

    for count in tree.find_all(exp.Count):
        other = count.this.args.get("default") if isinstance(count.this, exp.Case) else None
        if isinstance(other, exp.Literal | exp.Boolean):
            yield one_line(other.sql(), _LONGEST_VALUE)


def _ignores_case(condition: "exp.Expr") -> bool:
    from sqlglot import exp

    if condition.find(exp.ILike) is not None:
        return True
    return any(
        isinstance(one.parent, exp.EQ | exp.NEQ | exp.Like | exp.In) and one.find(exp.Column) is not None
        for one in condition.find_all(exp.Lower, exp.Upper)
    )


def _tied_column(chosen: "Candidate", parts: "Parts") -> int | None:
    """The column that LIMIT cut by, when the last two rows that it left are alike in it."""
    rows = chosen.rows.rows if chosen.rows is not None else []
    if parts.limit is None or len(parts.order) != 1 or len(rows) != parts.limit or len(rows) < 2:
        return None
    ordered = parts.order[0][0]
    place = next((n for n, one in enumerate(parts.outputs) if one == ordered), None)
    if place is None or place >= len(rows[-1]):
        return None
    return place if rows[-1][place] == rows[-2][place] else None


def _warned(text: str, language: Language) -> str:
    if language == "zh":
        unconnected, as_text = _UNCONNECTED.match(text), _TAKEN_FOR_TEXT.match(text)
        if unconnected:
            return _said("zh", "unconnected", **unconnected.groupdict())
        if as_text:
            return _said("zh", "text", **as_text.groupdict())
    return text
