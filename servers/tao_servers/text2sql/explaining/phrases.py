"""The words of both languages that sentences about a statement are made of."""

import string
from collections.abc import Sequence

from tao_prompts.language import Language

__all__ = ["fill", "listed"]

_ZH = {
    "and": "{a}且{b}",
    "or": "（{a}或{b}）",
    "not": "非（{a}）",
    "in": "{x}属于（{values}）",
    "not in": "{x}不属于（{values}）",
    "in query": "{x}在（{query}）的结果中",
    "not in query": "{x}不在（{query}）的结果中",
    "between": "{x}在 {low} 到 {high} 之间",
    "contains": "{x}含 {value}",
    "starts": "{x}以 {value} 开头",
    "ends": "{x}以 {value} 结尾",
    "like": "{x}形如 {value}",
    "null": "{x}为空",
    "not null": "{x}不为空",
    "exists": "存在（{query}）",
    "count": "{x}数量",
    "count joined": "{x}连接后的行数",
    "count distinct": "不同{x}的数量",
    "count of": "有{x}的行数",
    "count where": "满足（{x}）的行数",
    "sum": "{x}的总和",
    "avg": "{x}的平均值",
    "max": "{x}的最大值",
    "min": "{x}的最小值",
    "latest": "最晚的{x}",
    "earliest": "最早的{x}",
    "only where": "{x}（仅 {condition}）",
    "year": "{x}的年份",
    "month": "{x}的月份",
    "day": "{x}的日期",
    "hour": "{x}的小时",
    "quarter": "{x}的季度",
    "year and month": "{x}的年月",
    "with": "{a}与{b}",
    "with or without": "{a}（有无{b}均可）",
    "different": "不同的{x}",
    "all": "全部列",
    "bracket": "（{x}）",
    "more": "{a}等 {n} 项",
    "of": "{tables}的{x}",
    "counts": "统计{x}",
    "computes": "计算{x}",
    "lists": "列出{x}",
    "lists different": "列出不重复的{x}",
    "union": "{a}；再加上：{b}",
    "intersect": "{a}；且同时属于：{b}",
    "except": "{a}；但除去：{b}",
    "where": "条件：{x}",
    "per": "按{x}分组",
    "filtered": "条件：{x}",
    "grouped": "按{x}分组",
    "having": "只取 {x} 的组",
    "one for each": "每个{x}只取一行",
    "largest": "按{x}从大到小取前 {n} 行",
    "smallest": "按{x}从小到大取前 {n} 行",
    "latest rows": "按{x}从晚到早取前 {n} 行",
    "earliest rows": "按{x}从早到晚取前 {n} 行",
    "last rows": "按{x}降序取前 {n} 行",
    "first rows": "按{x}升序取前 {n} 行",
    "sorted down": "按{x}降序排序",
    "sorted up": "按{x}升序排序",
    "limit": "最多取 {n} 行",
    "offset": "跳过前 {n} 行",
    "for each": "每个{keys}的{x}",
    "nothing": "没有找到任何行",
    "null only": "结果为空值（NULL）：没有可供计算的值",
    "value": "{x}：{value}",
    "values": "{x}（{n} 个）：{value}",
    "table": "{n} 行：{x}",
    "pairs": "{n} 行，{x}：{value}",
    "over": "超过 {n}",
    "known values": "请核对条件中的值是否与数据中的写法一致",
}
_EN = {
    "and": "{a} and {b}",
    "or": "({a} or {b})",
    "not": "not ({a})",
    "in": "{x} one of ({values})",
    "not in": "{x} none of ({values})",
    "in query": "{x} among what this gives: ({query})",
    "not in query": "{x} not among what this gives: ({query})",
    "between": "{x} from {low} to {high}",
    "contains": "{x} contains {value}",
    "starts": "{x} begins with {value}",
    "ends": "{x} ends with {value}",
    "like": "{x} is like {value}",
    "null": "{x} is empty",
    "not null": "{x} is not empty",
    "exists": "there is something that ({query})",
    "count": "number of {x}",
    "count joined": "number of rows of {x}",
    "count distinct": "number of different {x}",
    "count of": "number of rows with {x}",
    "count where": "number of rows with {x}",
    "sum": "total of {x}",
    "avg": "average of {x}",
    "max": "largest {x}",
    "min": "smallest {x}",
    "latest": "latest {x}",
    "earliest": "earliest {x}",
    "only where": "{x} (only {condition})",
    "year": "year of {x}",
    "month": "month of {x}",
    "day": "day of {x}",
    "hour": "hour of {x}",
    "quarter": "quarter of {x}",
    "year and month": "year and month of {x}",
    "with": "{a} with {b}",
    "with or without": "{a} with or without {b}",
    "different": "different {x}",
    "all": "all columns",
    "bracket": "({x})",
    "more": "{a} and more, {n} in all",
    "of": "{x} of {tables}",
    "counts": "counts {x}",
    "computes": "computes the {x}",
    "lists": "lists {x}",
    "lists different": "lists the different {x}",
    "union": "{a}; together with: {b}",
    "intersect": "{a}; only what is also in: {b}",
    "except": "{a}; without: {b}",
    "where": "where {x}",
    "per": "per {x}",
    "filtered": "filtered on {x}",
    "grouped": "grouped by {x}",
    "having": "only groups with {x}",
    "one for each": "one row for each {x}",
    "largest": "the {n} with the largest {x}",
    "smallest": "the {n} with the smallest {x}",
    "latest rows": "the {n} with the latest {x}",
    "earliest rows": "the {n} with the earliest {x}",
    "last rows": "the first {n} by {x}, descending",
    "first rows": "the first {n} by {x}, ascending",
    "sorted down": "sorted by {x}, descending",
    "sorted up": "sorted by {x}, ascending",
    "limit": "at most {n} rows",
    "offset": "after the first {n} rows",
    "for each": "{x} for each {keys}",
    "nothing": "nothing was found",
    "null only": "the result is empty (NULL): there was no value to compute it from",
    "value": "{x}: {value}",
    "values": "{x} ({n}): {value}",
    "table": "{n} rows: {x}",
    "pairs": "{n} rows, {x}: {value}",
    "over": "more than {n}",
    "known values": "see whether the data writes the values of the filter in this way",
}
_PHRASES = {"zh": _ZH, "en": _EN}


def fill(language: Language, phrase: str, **values: object) -> str:
    """A phrase with its values; between Chinese and Latin letters comes a space."""
    made = ""
    for words, field, _, _ in string.Formatter().parse(_PHRASES[language][phrase]):
        made = _beside(made, words)
        if field is not None:
            made = _beside(made, str(values[field]))
    return made


def listed(language: Language, items: Sequence[str], most: int = 6) -> str:
    """Several things in a row, of which so many are named."""
    shown = list(items[:most])
    if language == "zh":
        text = "、".join(shown)
    else:
        text = " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)
        text = ", ".join(shown) if len(items) > most else text
    return fill(language, "more", a=text, n=len(items)) if len(items) > most else text


def _beside(left: str, right: str) -> str:
    if left and right and (_is_han(left[-1]), _is_han(right[0])) in {(True, False), (False, True)}:
        latin = right[0] if _is_han(left[-1]) else left[-1]
        return f"{left} {right}" if latin.isascii() and (latin.isalnum() or latin in "'\"_") else left + right
    return left + right


def _is_han(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff"
