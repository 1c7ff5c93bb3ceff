"""What a statement asks, in one line, read off its tree."""

from typing import TYPE_CHECKING

from tao_prompts.language import Language
from tao_servers.text2sql.one_line import one_line
from tao_servers.text2sql.schema import Schema

if TYPE_CHECKING:
    from sqlglot import exp

    from tao_servers.text2sql.explaining.parts import Parts
    from tao_servers.text2sql.explaining.words import Words

__all__ = ["Told", "reading_of"]

_LONGEST = 300
_DEEPEST = 3
_ORDERS = {
    "number": ("largest", "smallest"),
    "time": ("latest rows", "earliest rows"),
    "other": ("last rows", "first rows"),
}


def reading_of(sql: str, schema: Schema, language: Language) -> str:
    """`counts orders, where status = 'paid', per city`; the statement itself where it is not understood."""
    from tao_servers.text2sql.explaining.parts import query_of

    tree = query_of(sql, schema.dialect)
    return one_line(Told(schema, language).query(tree) if tree else sql, _LONGEST)


class Told:
    """Tells queries of one schema in one language; what is nested too deeply is shown as it is written."""

    def __init__(self, schema: Schema, language: Language, depth: int = 0) -> None:
        self._schema, self._language, self._depth = schema, language, depth

    def query(self, tree: "exp.Expr", around: "Parts | None" = None) -> str:
        """A query as a clause without a subject."""
        from sqlglot import exp

        from tao_servers.text2sql.explaining.parts import Parts, as_written

        if self._depth >= _DEEPEST:
            return as_written(tree, self._schema.dialect)
        if isinstance(tree, exp.Select):
            return self._select(Parts(tree, self._schema, around))
        if isinstance(tree, exp.SetOperation):
            return self._both(tree, around)
        return as_written(tree, self._schema.dialect)

    def words(self, parts: "Parts") -> "Words":
        """Names for what stands in a SELECT."""
        from tao_servers.text2sql.explaining.words import Words

        deeper = Told(self._schema, self._language, self._depth + 1)
        return Words(parts, self._language, lambda tree: deeper.query(tree, parts))

    def qualities(self, parts: "Parts", *, where: str = "where", per: str = "per") -> list[str]:
        """Filter, grouping, order and limit, a phrase each; an empty `per` leaves the grouping out."""
        words = self.words(parts)
        found = [self._said(where, x=words.conditions(parts.filters))] if parts.filters else []
        if per and parts.groups:
            found.append(self._said(per, x=words.values(parts.groups)))
        if parts.one_for_each:
            found.append(self._said("one for each", x=words.values(parts.one_for_each)))
        if parts.having:
            found.append(self._said("having", x=words.conditions(parts.having)))
        return found + self._order(parts, words)

    def _order(self, parts: "Parts", words: "Words") -> list[str]:
        found = []
        if parts.order:
            first, down = parts.order[0]
            # The further ones only break ties.
            kinds = _ORDERS.get(parts.family(first), _ORDERS["other"])
            cut = parts.limit is not None and not parts.offset
            phrase = kinds[not down] if cut else ("sorted down" if down else "sorted up")
            n = "one" if parts.limit == 1 and self._language == "en" else parts.limit
            found.append(self._said(phrase, x=words.value(first), n=n))
        if parts.limit is not None and (not parts.order or parts.offset):
            found.append(self._said("limit", n=parts.limit))
        if parts.offset:
            found.append(self._said("offset", n=parts.offset))
        return found

    def _select(self, parts: "Parts") -> str:
        separator = "，" if self._language == "zh" else ", "
        return separator.join([self._what(parts), *self.qualities(parts)])

    def _what(self, parts: "Parts") -> str:
        from sqlglot import exp

        words = self.words(parts)
        measures = [one for one in parts.outputs if parts.is_aggregate(one)]
        if len(measures) == 1 and words.names_sources(measures[0]):
            text = words.value(measures[0])
            # "counts orders", not "counts number of orders".
            return self._said("counts", x=text.removeprefix("number of ") if self._language == "en" else text)
        tables = words.sources()
        is_distinct = parts.select.args.get("distinct") and not parts.one_for_each
        phrase = "lists different" if is_distinct else "lists"
        if measures:
            counts = (count for one in measures for count in one.find_all(exp.Count))
            own = [count for count in counts if count.find_ancestor(exp.Select) is parts.select]
            names_tables = any(map(words.names_sources, own))
            text, phrase = words.values(measures), "computes"
            return self._said(phrase, x=text if names_tables else self._of(text, tables))
        return self._said(phrase, x=self._of(words.values(parts.outputs), tables))

    def _of(self, text: str, tables: str) -> str:
        return self._said("of", x=text, tables=tables) if tables else text

    def _both(self, tree: "exp.SetOperation", around: "Parts | None") -> str:
        from sqlglot import exp

        from tao_servers.text2sql.explaining.parts import limit_of, without_brackets

        phrase = {exp.Intersect: "intersect", exp.Except: "except"}.get(type(tree), "union")
        deeper = Told(self._schema, self._language, self._depth + 1)
        sides = [deeper.query(without_brackets(side), around) for side in (tree.this, tree.expression)]
        text, limit = self._said(phrase, a=sides[0], b=sides[1]), limit_of(tree)
        if limit is None:
            return text
        return ("；" if self._language == "zh" else "; ").join([text, self._said("limit", n=limit)])

    def _said(self, phrase: str, **values: object) -> str:
        from tao_servers.text2sql.explaining.phrases import fill

        return fill(self._language, phrase, **values)
