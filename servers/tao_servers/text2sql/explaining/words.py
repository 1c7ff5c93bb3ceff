"""What the expressions of a statement are called in a language, by its comments, names and signs alone.

This module imports sqlglot.
"""

import re
from collections.abc import Callable, Sequence

from sqlglot import exp

from tao_prompts.language import Language, language_of
from tao_servers.text2sql.explaining.parts import Parts, as_written, without_brackets
from tao_servers.text2sql.explaining.phrases import fill, listed
from tao_servers.text2sql.one_line import one_line
from tao_servers.text2sql.schema import Column, Table

__all__ = ["Words", "called"]

_LONGEST_NAME = 40
_MOST_VALUES = 5
# 现价（元）, 状态: 1 = 已付: what follows the name says how it is written.
_NAME_ENDS = re.compile(r"[（(，,：:；;。\n]")
_SIGNS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "≠",
    exp.GT: ">",
    exp.GTE: "≥",
    exp.LT: "<",
    exp.LTE: "≤",
}
_ARITHMETIC: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "×", exp.Div: "÷"}
_AGGREGATES: dict[type[exp.Expr], str] = {
    exp.Sum: "sum",
    exp.Avg: "avg",
    exp.Max: "max",
    exp.Min: "min",
}
_PARTS_OF_DATES: dict[type[exp.Expr], str] = {
    exp.Year: "year",
    exp.Month: "month",
    exp.Day: "day",
    exp.Quarter: "quarter",
}
_FORMATS = {"%Y": "year", "%m": "month", "%d": "day", "%H": "hour", "%Y-%m": "year and month"}
_UNITS = {"YEAR": "year", "MONTH": "month", "DAY": "day", "HOUR": "hour", "QUARTER": "quarter"}
# They change how a value is written, or what stands for a missing one, not what it is about.
_SEEN_THROUGH = (
    *(exp.Cast, exp.Coalesce, exp.Date, exp.Lower, exp.Nullif, exp.Paren, exp.Round, exp.Trim),
    *(exp.TsOrDsToDate, exp.TsOrDsToTimestamp, exp.Upper),
)
_FIXED = (exp.Boolean, exp.Literal, exp.Null)


def called(thing: Table | Column, language: Language) -> str:
    """Its comment where that is in the language, without what is said about it; else its name."""
    comment = _NAME_ENDS.split(one_line(thing.comment or ""), maxsplit=1)[0].strip()
    is_fit = 0 < len(comment) <= _LONGEST_NAME and language_of(comment) == language
    return comment if is_fit else one_line(thing.name, _LONGEST_NAME)


class Words:
    """Names expressions of one SELECT; `tell` reads a query that stands in it."""

    def __init__(self, parts: Parts, language: Language, tell: Callable[[exp.Expr], str]) -> None:
        self._parts, self._language, self._tell = parts, language, tell

    def sources(self) -> str:
        """The tables that it reads, as one name."""
        text = ""
        for number, name in enumerate(self._parts.sources):
            source, side = self._source(name), self._parts.sides.get(name, "")
            if side == "LEFT":
                text = self._said("with or without", a=text, b=source)
            elif side == "RIGHT":
                text = self._said("with or without", a=source, b=text)
            else:
                text = self._said("with", a=text, b=source) if number else source
        return text

    def values(self, nodes: Sequence[exp.Expr]) -> str:
        """Several expressions."""
        return listed(self._language, list(dict.fromkeys(map(self.value, nodes))))

    def value(self, node: exp.Expr) -> str:
        """What an expression gives."""
        if isinstance(node, exp.Column):
            return self._column(node)
        if isinstance(node, exp.Star) and not any(node.args.values()):
            return self._said("all")
        if isinstance(node, exp.Literal):
            return as_written(node, self._parts.schema.dialect, _LONGEST_NAME)
        if isinstance(node, exp.Count):
            return self._count(node)
        if isinstance(node, exp.Filter):
            condition = self.condition(node.expression.this)
            return self._said("only where", x=self.value(node.this), condition=condition)
        return self._by_kind(node) or self._as_written(node)

    def label(self, node: exp.Expr, name: str) -> str:
        """What a column of the result is called; by the result's own `name` where it is too long in words."""
        is_told = isinstance(node, exp.Column) or self._parts.is_aggregate(node) or self._by_kind(node)
        text = self.value(node) if is_told else name
        # A name such as "paid" would hide what else is counted.
        is_kept = len(text) <= _LONGEST_NAME or isinstance(node, exp.Count) or not name.isidentifier()
        return text if is_kept else name

    def names_sources(self, node: exp.Expr) -> bool:
        """Whether a count is called by the tables that it counts the rows of."""
        return isinstance(node, exp.Count) and self._is_of_rows(node.this)

    def conditions(self, nodes: Sequence[exp.Expr]) -> str:
        """Conditions that must all hold."""
        text = self.condition(nodes[0])
        for node in nodes[1:]:
            text = self._said("and", a=text, b=self.condition(node))
        return text

    def condition(self, node: exp.Expr) -> str:
        """What must hold."""
        if isinstance(node, exp.Paren):
            return self.condition(node.this)
        if isinstance(node, exp.And | exp.Or):
            return self._said(
                "and" if isinstance(node, exp.And) else "or",
                a=self.condition(node.this),
                b=self.condition(node.expression),
            )
        if type(node) in _SIGNS:
            return f"{self.value(node.this)} {_SIGNS[type(node)]} {self.value(node.expression)}"
        if isinstance(node, exp.Not):
            return self._denied(node.this)
        return self._membership(node) or self._as_written(node)

    def _said(self, phrase: str, **values: object) -> str:
        return fill(self._language, phrase, **values)

    def _as_written(self, node: exp.Expr) -> str:
        return as_written(node, self._parts.schema.dialect)

    def _source(self, name: str) -> str:
        source = self._parts.sources[name]
        if isinstance(source, Table):
            return called(source, self._language)
        if source is None:
            return one_line(name.strip(), _LONGEST_NAME)
        return self._said("bracket", x=self._tell(source))

    def _column(self, node: exp.Column) -> str:
        if isinstance(node.this, exp.Star):
            prefix, every = node.table.lower(), self._said("all")
            is_of_one = len(self._parts.sources) > 1 and prefix in self._parts.sources
            return self._said("of", x=every, tables=self._source(prefix)) if is_of_one else every
        found = self._parts.column(node)
        return called(found[1], self._language) if found else one_line(node.name, _LONGEST_NAME)

    def _by_kind(self, node: exp.Expr) -> str | None:
        kind = type(node)
        if kind in _AGGREGATES and not node.expressions:
            return self._aggregate(node, _AGGREGATES[kind])
        if kind in _ARITHMETIC:
            sides = (self._side(side) for side in (node.this, node.expression))
            return f" {_ARITHMETIC[kind]} ".join(sides)
        inner = _below(node)
        if inner is not None:
            return self.value(inner)
        if isinstance(node, exp.Distinct) and len(node.expressions) == 1:
            return self._said("different", x=self.value(node.expressions[0]))
        if isinstance(node, exp.Subquery):
            return self._said("bracket", x=self._tell(without_brackets(node)))
        return self._part_of_date(node)

    def _side(self, node: exp.Expr) -> str:
        # Without brackets of their own, signs stand in the tree as they bind.
        return self.value(node) if _below(node) is None else self._closed(node)

    def _closed(self, node: exp.Expr) -> str:
        """What an expression gives, in brackets where a sign is in it."""
        inner, below = node, _below(node)
        while below is not None:
            inner, below = below, _below(below)
        has_sign = isinstance(inner, exp.Binary) and not isinstance(inner, exp.Func | exp.Dot)
        text = self.value(node)
        return self._said("bracket", x=text) if has_sign else text

    def _count(self, node: exp.Count) -> str:
        counted = node.this
        if isinstance(counted, exp.Distinct):
            return self._said("count distinct", x=self.values(counted.expressions))
        if self._is_of_rows(counted):
            several = len(self._parts.sources) > 1
            return self._said("count joined" if several else "count", x=self.sources())
        if isinstance(counted, exp.Column) and not isinstance(counted.this, exp.Star):
            return self._said("count of", x=self._column(counted))
        condition, gives = _only_if(counted)
        # Anything but NULL is counted, 0 as well.
        if condition is not None and gives is not None and self._is_never_null(gives):
            return self._said("count where", x=self.condition(condition))
        return self._as_written(node)

    def _is_of_rows(self, counted: exp.Expr | None) -> bool:
        return counted is None or isinstance(counted, exp.Star) or self._is_never_null(counted)

    def _is_never_null(self, node: exp.Expr) -> bool:
        if isinstance(node, exp.Literal | exp.Boolean):
            return True
        if not isinstance(node, exp.Column) or any(self._parts.sides.values()):
            # Where a row of a joined table is missing, its key is too.
            return False
        column = self._parts.column(node)
        return column is not None and (column[1].primary_key or not column[1].nullable)

    def _aggregate(self, node: exp.Expr, phrase: str) -> str:
        inner = node.this
        condition, gives = _only_if(inner, ("0",)) if phrase == "sum" else (None, None)
        if condition is not None and isinstance(gives, exp.Literal) and gives.name == "1":
            return self._said("count where", x=self.condition(condition))
        column = self._parts.column(inner) if isinstance(inner, exp.Column) else None
        if column is not None and column[1].family == "time":
            phrase = {"max": "latest", "min": "earliest"}.get(phrase, phrase)
        return self._said(phrase, x=self._closed(inner))

    def _part_of_date(self, node: exp.Expr) -> str | None:
        phrase, inner = _PARTS_OF_DATES.get(type(node)), node.this
        if isinstance(node, exp.TimeToStr):
            phrase = _FORMATS.get(node.text("format"))
        elif isinstance(node, exp.Extract):
            phrase, inner = _UNITS.get(node.text("this").upper()), node.expression
        return self._said(phrase, x=self._closed(inner)) if phrase and isinstance(inner, exp.Expr) else None

    def _denied(self, node: exp.Expr) -> str:
        inner = node.this if isinstance(node, exp.Paren) else node
        if isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
            return self._said("not null", x=self.value(inner.this))
        told = self._in(inner, "not ") if isinstance(inner, exp.In) else None
        return told or self._said("not", a=self.condition(node))

    def _membership(self, node: exp.Expr) -> str | None:
        if isinstance(node, exp.In):
            return self._in(node, "")
        if isinstance(node, exp.Between):
            low, high = self.value(node.args["low"]), self.value(node.args["high"])
            return self._said("between", x=self.value(node.this), low=low, high=high)
        if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
            return self._said("null", x=self.value(node.this))
        if isinstance(node, exp.Exists) and isinstance(node.this, exp.Expr):
            return self._said("exists", query=self._tell(without_brackets(node.this)))
        if isinstance(node, exp.Escape):
            return None
        return self._like(node) if isinstance(node, exp.Like | exp.ILike) else None

    def _in(self, node: exp.In, denied: str) -> str | None:
        x, query = self.value(node.this), node.args.get("query")
        if isinstance(query, exp.Expr):
            return self._said(f"{denied}in query", x=x, query=self._tell(without_brackets(query)))
        if not node.expressions:
            return None
        shown = [self.value(one) for one in node.expressions[:_MOST_VALUES]]
        values = ("、" if self._language == "zh" else ", ").join(shown)
        if len(node.expressions) > len(shown):
            values = self._said("more", a=values, n=len(node.expressions))
        return self._said(f"{denied}in", x=x, values=values)

    def _like(self, node: exp.Expr) -> str:
        x, pattern = self.value(node.this), node.expression
        text = pattern.name if isinstance(pattern, exp.Literal) and pattern.is_string else ""
        phrase, plain = _pattern(text)
        value = exp.Literal.string(plain) if plain else pattern
        told = self._said(phrase, x=x, value=self.value(value))
        # NOT LIKE has no node of its own.
        return self._said("not", a=told) if node.args.get("negate") else told


def _below(node: exp.Expr) -> exp.Expr | None:
    """What is told in its place; None when it is told itself."""
    if not isinstance(node, _SEEN_THROUGH) or not isinstance(node.this, exp.Expr):
        return None
    others = [*node.expressions, node.expression]
    return node.this if all(isinstance(one, _FIXED) for one in others if one is not None) else None


def _pattern(text: str) -> tuple[str, str]:
    """The phrase for a pattern of LIKE, and the plain text in it; none where other signs have a meaning."""
    plain = text.strip("%")
    if plain and not any(sign in plain for sign in "%_\\"):
        for phrase, pattern in (("contains", f"%{plain}%"), ("starts", f"{plain}%"), ("ends", f"%{plain}")):
            if text == pattern:
                return phrase, plain
    return "like", ""


def _only_if(node: exp.Expr, others: Sequence[str] = ()) -> tuple[exp.Expr | None, exp.Expr | None]:
    """The condition and the value of `CASE WHEN condition THEN value END`, else NULL or one of `others`."""
    if isinstance(node, exp.Case) and node.this is None and len(node.args["ifs"]) == 1:
        branch, other = node.args["ifs"][0], node.args.get("default")
    elif isinstance(node, exp.If):
        branch, other = node, node.args.get("false")
    else:
        return None, None
    is_number = isinstance(other, exp.Literal) and other.name in others
    is_fit = other is None or isinstance(other, exp.Null) or is_number
    return (branch.this, branch.args["true"]) if is_fit else (None, None)
