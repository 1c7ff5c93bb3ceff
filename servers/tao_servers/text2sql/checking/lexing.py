"""Cuts a statement into words, texts, numbers and signs just as its database does.

The parser has a lexer of its own. Where the two could differ, one would read text where the other reads code,
so what either database or parser could take in two ways is refused here, or written so that it has one.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Literal

from tao_servers.text2sql.errors import QueryRefused
from tao_servers.text2sql.schema import Dialect

__all__ = ["Kind", "Token", "lex"]

Kind = Literal["word", "name", "text", "number", "sign"]

_LONGEST = 10_000
_DEEPEST = 60
_TEXT = r"'(?:[^']|'')*'"
_ESCAPED = r"'(?:[^'\\]|\\.|'')*'"
_ESCAPED_DOUBLE = r'"(?:[^"\\]|\\.|"")*"'
_DOLLARS = r"\$\$.*?\$\$|\$(?P<tag>[A-Za-z_][A-Za-z0-9_]*)\$.*?\$(?P=tag)\$"
_TEXTS: dict[Dialect, str] = {
    "sqlite": rf"[xX]{_TEXT}|{_TEXT}",
    "postgres": rf"[eE]{_ESCAPED}|[bBnNxX]?{_TEXT}|{_DOLLARS}",
    "mysql": rf"[bBnNxX]?{_ESCAPED}|{_ESCAPED_DOUBLE}",
    "duckdb": rf"[eE]{_ESCAPED}|{_TEXT}|{_DOLLARS}",
}
_NAMES: dict[Dialect, str] = {
    "sqlite": r'"(?:[^"]|"")+"|`(?:[^`]|``)+`|\[[^\]]+\]',
    "postgres": r'"(?:[^"]|"")+"',
    "mysql": r"`(?:[^`]|``)+`",
    "duckdb": r'"(?:[^"]|"")+"',
}
_LINE_COMMENTS: dict[Dialect, str] = {
    "sqlite": r"--[^\n]*",
    "postgres": r"--[^\n]*",
    # Two signs without a space are two minus signs.
    "mysql": r"--(?=[ \t\r\n]|\Z)[^\n]*|\#[^\n]*",
    "duckdb": r"--[^\n]*",
}
_BLOCK_COMMENT = r"/\*(?:[^*/]|\*(?!/)|/(?!\*))*\*/"
# MySQL, MariaDB, TiDB run what stands in these, and hints reach into settings.
_LIVE_COMMENT = re.compile(r"/\*(?:\s*[A-Za-z]{0,3}!|\+)")
_INVISIBLE = {"Cc", "Cf", "Cs", "Cn", "Zs", "Zl", "Zp"}
_BACKSLASHED_QUOTE = re.compile(r"(?<!\\)(?:\\\\)*\\'")


@dataclass(frozen=True, slots=True)
class Token:
    """One word, name in quotes, text, number or sign; `value` is a name without its quotes, else the text.

    `start` and `end` are places in the plain statement, the end exclusive.
    """

    kind: Kind
    value: str
    start: int
    end: int

    @property
    def lowered(self) -> str:
        """The value in lower case when it is a word, else empty: never a name in quotes."""
        return self.value.lower() if self.kind == "word" else ""

    def is_sign(self, sign: str) -> bool:
        """Whether it is this very sign."""
        return self.kind == "sign" and self.value == sign


def lex(sql: str, dialect: Dialect) -> tuple[str, list[Token]]:
    """The statement as it is to be sent, and its tokens with their places in that.

    It has spaces for its comments, and texts that could be read in two ways are written in a plainer one.

    Raises:
        QueryRefused: it is too long, or has something in it that could be read in two ways.
    """
    _refuse_strange(sql)
    tokens: list[Token] = []
    plain: list[str] = []
    # Where the last match ended: what no part matches is a sign that SQL does not have.
    place = length = 0
    for match in _pattern(dialect).finditer(sql):
        if match.start() != place:
            raise _unreadable(sql, place, dialect)
        place = match.end()
        kind = match.lastgroup or ""
        written = match.group()
        if kind == "comment":
            _refuse_live(written)
            written = re.sub(r"[^\n]", " ", written)
        elif kind == "text":
            written = _one_way(written, dialect, bool(tokens) and tokens[-1].kind == "text")
            begin = length + len(written) - len(written.lstrip())
            tokens.append(Token("text", written.strip(), begin, length + len(written.rstrip())))
        elif kind != "space":
            tokens.append(_token(kind, match, length, dialect))
        plain.append(written)
        length += len(written)
    if place != len(sql):
        raise _unreadable(sql, place, dialect)
    _refuse_depth(tokens)
    return "".join(plain), tokens


@cache
def _pattern(dialect: Dialect) -> re.Pattern[str]:
    parts = {
        "space": r"[ \t\r\n]+",
        "comment": rf"{_LINE_COMMENTS[dialect]}|{_BLOCK_COMMENT}",
        "text": _TEXTS[dialect],
        "name": _NAMES[dialect],
        "number": r"0[xX][0-9a-fA-F]+|0[bB][01]+"
        r"|(?:[0-9](?:[0-9]|_(?=[0-9]))*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?",
        # ASCII letters, digits and whatever is not ASCII: so all four read names.
        "word": r"[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_$\u0080-\U0010ffff]*",
        "sign": r"(?!/\*)[-+*/<>=~!@#%^&|?:(),;.\[\]{}]",
    }
    return re.compile("|".join(f"(?P<{name}>{part})" for name, part in parts.items()), re.DOTALL)


def _token(kind: str, match: re.Match[str], start: int, dialect: Dialect) -> Token:
    written, end = match.group(), start + len(match.group())
    following = match.string[match.end() : match.end() + 2]
    after = following[:1]
    if kind == "word":
        _refuse_invisible(written)
        if written in "uU" and dialect in {"postgres", "duckdb"} and following in {"&'", '&"'}:
            raise _refused("U& before a quote is not understood here; write the characters themselves.")
        return Token("word", written, start, end)
    if kind == "number":
        if after == "_" or after == "$" or after.isalnum() or not after.isascii():
            raise _refused(
                f"The number {written[:20]!r} runs into a name; put a space between, or the name in quotes."
            )
        return Token("number", written, start, end)
    if kind == "name":
        return Token("name", _unquoted(written), start, end)
    return Token("sign", written, start, end)


def _one_way(written: str, dialect: Dialect, after_text: bool) -> str:
    """A text that each database reads alike, however it is set; between spaces if it has another length."""
    if dialect == "mysql":
        # In some modes a backslash is a plain letter; two quotes are one in all of them.
        quote = written[-1]
        return re.sub(
            r"\\.", lambda pair: quote * 2 if pair[0][1] == quote else pair[0], written, flags=re.DOTALL
        )
    dollars = written.startswith("$")
    # Old servers may be set to read a backslash in any text.
    doubtful = dialect == "postgres" and written[0] in "'bBnNxX" and bool(_BACKSLASHED_QUOTE.search(written))
    if not dollars and not doubtful:
        return written
    if after_text or not (dollars or written[0] == "'"):
        # PostgreSQL puts texts together over a line's end, and reads all as it does the first.
        raise _refused(r"This text could be read in two ways; write E'...' with \\ for a backslash.")
    inner = written.split("$", 2)[2].rpartition("$")[0].rpartition("$")[0] if dollars else written[1:-1]
    quoted = inner.replace("'", "''") if dollars else inner
    if dialect == "postgres" and "\\" in quoted:
        return " E'" + quoted.replace("\\", "\\\\") + "' "
    return f" '{quoted}' "


def _unquoted(written: str) -> str:
    quote = written[-1]
    return written[1:-1] if quote == "]" else written[1:-1].replace(quote * 2, quote)


def _refuse_strange(sql: str) -> None:
    if len(sql) > _LONGEST:
        raise QueryRefused(
            f"The statement has {len(sql):,} characters; {_LONGEST:,} are allowed.", rule="length"
        )
    if sql.isprintable():
        return
    for place, character in enumerate(sql):
        allowed = character in "\t\n" or (character == "\r" and sql[place + 1 : place + 2] == "\n")
        if not allowed and (unicodedata.category(character) in {"Cc", "Cs"} or character in "\u2028\u2029"):
            raise QueryRefused(
                f"The statement has the control character U+{ord(character):04X} in it; write it without.",
                rule="text",
            )


def _refuse_invisible(word: str) -> None:
    for character in word if not word.isascii() else "":
        if unicodedata.category(character) in _INVISIBLE:
            name = unicodedata.name(character, "invisible character").lower()
            raise QueryRefused(
                f"The statement has a {name} (U+{ord(character):04X}) in it; write a space, or nothing.",
                rule="text",
            )


def _refuse_live(comment: str) -> None:
    if _LIVE_COMMENT.match(comment):
        raise QueryRefused(
            f"A comment that the database reads, such as {comment[:12]!r}, is not allowed; leave it out.",
            rule="comments",
        )


def _refuse_depth(tokens: list[Token]) -> None:
    depth = 0
    for token in tokens:
        if token.kind == "sign":
            depth += (token.value in "([{") - (token.value in ")]}")
            if depth > _DEEPEST:
                raise _refused(f"It is nested too deeply: at most {_DEEPEST} brackets may be open at a time.")


def _unreadable(sql: str, place: int, dialect: Dialect) -> QueryRefused:
    rest = sql[place : place + 20]
    if rest.startswith("/*"):
        _refuse_live(rest)
        return _refused("A comment has no end, or another comment in it.")
    if rest[:1] == "`" and dialect in {"postgres", "duckdb"}:
        return _refused("Write names without backticks, or in double quotes.")
    if rest[:1] in "'\"`":
        return _refused(f"A text or name in quotes has no end, or nothing in it: {rest!r}.")
    if rest.startswith("$"):
        if re.match(r"\$[0-9]", rest):
            return QueryRefused("Write the value itself; $1 has no value here.", rule="no parameters")
        return _refused("Dollar signs are not understood here; write text in single quotes.")
    return _refused(f"{rest!r} is not understood here.")


def _refused(reason: str) -> QueryRefused:
    return QueryRefused(reason, rule="syntax")
