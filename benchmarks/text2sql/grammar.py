"""A grammar (GBNF, as llama.cpp and xgrammar read it) that lets only the names of a schema be written.

It is about words and not about sentences: it says which words there are, and which of them may follow a
table's name and a dot, or FROM. What a small model really writes is then allowed as a whole, and a word that
is not there ends in the likeliest one that is. Names share their beginnings, for llama.cpp follows every
alternative of its own.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from benchmarks.text2sql.sql_words import FUNCTIONS, KEYWORDS, OUTPUT_NAMES, SUBQUERY_NAMES
from tao_servers.text2sql.identifiers import identifier
from tao_servers.text2sql.schema import Dialect, Schema, Table

__all__ = ["grammar", "one_of"]

_ODD = re.compile(r'[\x00-\x1f\x7f"\\]')
_RULES = r"""
root ::= begin unit* sep? (";" ws?)?
begin ::= select | with
with ::= {with} ws (recursive ws)? free ws {as} ws? "(" ws? select
recursive ::= {recursive}
select ::= {select}
unit ::= sep word | sep? closed
sep ::= (ws | sign) (sign | opened)*
sign ::= ([-,()*/+%<>=] | "!=" | "||") ws?
opened ::= function ws? "(" ws?
closed ::= ")" (ws ({as} ws out | alias) | ws? "," ws? free ws {as} ws? "(" ws? select)
word ::= keyword | value (ws {as} ws out)? | from
value ::= column | qualified | alias "." (column | "*") | produced | number | string | {end}
from ::= ({from} | {join}) (ws reference (ws? "," ws? reference)* | ws? "(" ws? select)
reference ::= (table | alias) (ws ({as} ws)? alias)?
out ::= free | string | quote-free
free ::= [A-Za-z_\u0080-\uffff] [A-Za-z0-9_\u0080-\uffff]*
number ::= [0-9]{{1,15}} ("." [0-9]{{1,10}})?
string ::= "'" ([^'\n] | "''")* "'"
ws ::= [ \t\n]{{1,12}}
alias ::= [A-Za-z] [0-9]{{0,2}} | {subqueries}
produced ::= {outputs} ("_" [A-Za-z0-9_]*)?
keyword ::= {keywords}
function ::= {functions}
"""


def grammar(schema: Schema) -> str:
    """The grammar for statements about a schema; its start is `root`."""
    fixed = {word: one_of([word]) for word in ("as", "end", "from", "join", "recursive", "select", "with")}
    lists = {
        "subqueries": one_of(SUBQUERY_NAMES),
        "outputs": one_of(OUTPUT_NAMES),
        "keywords": one_of(KEYWORDS - {"as", "end", "from", "join", "recursive", "with"}),
        "functions": one_of(FUNCTIONS),
    }
    rules = _RULES.strip().format(**fixed, **lists).splitlines()
    return "\n".join([*rules, *_names(schema)]) + "\n"


def one_of(words: Iterable[str]) -> str:
    """Any of the words, whatever the case of its ASCII letters, as the body of a rule."""
    root = _Node()
    for word in words:
        root.add(word)
    return f"({root.written()})"


@dataclass(slots=True)
class _Node:
    """What may follow a beginning that words share; `ends` when that is a word itself."""

    following: dict[str, "_Node"] = field(default_factory=dict)
    ends: bool = False

    def add(self, word: str) -> None:
        node = self
        for letter in word:
            node = node.following.setdefault(letter.lower() if letter.isascii() else letter, _Node())
        node.ends = True

    def written(self) -> str:
        branches = [f"{_letter(one)}{node._rest()}" for one, node in sorted(self.following.items())]
        return " | ".join(branches)

    def _rest(self) -> str:
        if not self.following:
            return ""
        if len(self.following) == 1 and not self.ends:
            return f" {self.written()}"
        return f" ({self.written()}){'?' if self.ends else ''}"


def _letter(letter: str) -> str:
    if letter.isascii() and letter.isalpha():
        return f"[{letter.upper()}{letter}]"
    return f'"{_ODD.sub(lambda found: _escaped(found[0]), letter)}"'


def _escaped(letter: str) -> str:
    return f"\\{letter}" if letter in '"\\' else f"\\x{ord(letter):02x}"


def _names(schema: Schema) -> Iterator[str]:
    quote = "`" if schema.dialect == "mysql" else '"'
    mark = f'"{_escaped(quote) if quote == chr(34) else quote}"'
    tables = [table for table in schema.tables if table.columns]
    columns = [column.name for table in tables for column in table.columns]
    yield f"quote-free ::= {mark} [^{quote}\\n]+ {mark}"
    yield f"column ::= {_either(columns, schema.dialect, mark)}"
    written = [_table(table, schema.dialect, mark) for table in tables]
    yield from (f"t{place} ::= {one}" for place, one in enumerate(written))
    yield "table ::= " + (" | ".join(f"t{place}" for place in range(len(tables))) or "alias")
    for place, table in enumerate(tables):
        own = _either([column.name for column in table.columns], schema.dialect, mark)
        yield f'q{place} ::= t{place} "." ("*" | {own})'
    yield "qualified ::= " + (" | ".join(f"q{place}" for place in range(len(tables))) or "alias")


def _either(names: Iterable[str], dialect: Dialect, mark: str) -> str:
    """Any of the names, in quotes or, where that is right, without."""
    every = list(dict.fromkeys(names))
    plain = [name for name in every if identifier(name, dialect) == name]
    quoted = f"{mark} {one_of(_doubled(name, mark) for name in every)} {mark}"
    return f"({one_of(plain)} | {quoted})" if plain else f"({quoted})"


def _table(table: Table, dialect: Dialect, mark: str) -> str:
    own = _either([table.name], dialect, mark)
    return f'{_either([table.schema], dialect, mark)} "." {own}' if table.schema else own


def _doubled(name: str, mark: str) -> str:
    quote = mark.strip('"').removeprefix("\\") or '"'
    return name.replace(quote, quote * 2)
