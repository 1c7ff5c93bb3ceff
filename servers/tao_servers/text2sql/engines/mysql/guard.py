"""Refuses what does not begin as a reading statement, and what would act while it reads.

The rights of the account and the read-only transaction stand behind this, which only knows words: it reads
quotes and comments as MySQL does and understands nothing of the statement.
"""

import re
from collections.abc import Iterator

from tao_servers.text2sql.errors import QueryFailed, QueryRefused

__all__ = ["MOST_CHARACTERS", "check_statement", "is_query"]

MOST_CHARACTERS = 1_000_000
_QUERIES = {"(", "SELECT", "TABLE", "VALUES", "WITH"}
_FIRST = _QUERIES | {"DESC", "DESCRIBE", "EXPLAIN", "SHOW"}
# They wait, lock, burn time, read files, count a sequence up, or run programs where a well-known library is
# loaded.
_ACTING = {
    "BENCHMARK",
    "GET_LOCK",
    "LOAD_FILE",
    "MASTER_GTID_WAIT",
    "MASTER_POS_WAIT",
    "NEXTVAL",
    "RELEASE_ALL_LOCKS",
    "RELEASE_LOCK",
    "SETVAL",
    "SLEEP",
    "SOURCE_POS_WAIT",
    "SYS_BINEVAL",
    "SYS_EVAL",
    "SYS_EXEC",
    "SYS_SET",
    "WAIT_FOR_EXECUTED_GTID_SET",
    "WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS",
}
# By their first word, what follows it.
_PHRASES: dict[str, tuple[list[str], ...]] = {
    "INTO": ([],),
    ":=": ([],),
    "FOR": (["UPDATE"], ["SHARE"]),
    "LOCK": (["IN", "SHARE", "MODE"],),
    "NEXT": (["VALUE", "FOR"],),
}
_OPEN = {"'", '"', "`", "/*"}
_CARRIED_OUT = {"/*!", "/*M!", "/*+"}
# They show the hash of a password.
_SECRETS = {("SHOW", "GRANTS"), ("SHOW", "CREATE", "USER")}

_TOKEN = re.compile(
    r"""
      (?P<space>[\x09-\x0d\x20]+ | --(?=[\x01-\x20\x7f]|\Z)[^\n]* | \#[^\n]* | /\*(?![!+]|M!).*?\*/)
    | (?P<text>'(?:[^'\\]++|\\.|'')*+' | "(?:[^"\\]++|\\.|"")*+")
    | (?P<name>`(?:[^`]++|``)*+`)
    | (?P<number>[0-9]+(?:[eE][+-]?[0-9]+)?)
    | (?P<word>[A-Za-z0-9_$\x80-\U0010ffff]+)
    | (?P<sign>:=|/\*!|/\*\+|/\*M!|/\*|['"`]|.)
    """,
    re.VERBOSE | re.DOTALL,
)


def check_statement(sql: str) -> None:
    """Let a statement pass that begins as a reading one and has no words that act.

    Raises:
        QueryRefused: it does more than read.
        QueryFailed: it is too long, empty, or has a character or a quote that cannot be read.
    """
    _check_text(sql)
    words = list(_words(sql))
    while words and words[-1] == ";":
        words.pop()
    if not words:
        raise QueryFailed("The statement is empty: write one SELECT.")
    if words[0] not in _FIRST or any(tuple(words[: len(secret)]) == secret for secret in _SECRETS):
        raise _refused(f"{words[0][:30]!r} does not begin a statement that reads tables")
    _check_words(words)


def is_query(sql: str) -> bool:
    """Whether a statement is a SELECT or the like, which EXPLAIN may be put before."""
    return next(_words(sql), "") in _QUERIES


def _check_text(sql: str) -> None:
    if len(sql) > MOST_CHARACTERS:
        raise QueryFailed(
            f"The statement has {len(sql):,} characters; write one of at most {MOST_CHARACTERS:,}."
        )
    if "\0" in sql:
        raise QueryFailed("The statement has a NUL character: leave it out.")
    try:
        sql.encode()
    except UnicodeEncodeError as exc:
        raise QueryFailed("The statement has half a character (a lone surrogate): write it anew.") from exc


def _words(sql: str) -> Iterator[str]:
    """Words in upper case and signs; a name after a back quote, a text as two quotes, a number as 0."""
    for token in _TOKEN.finditer(sql):
        if token.lastgroup == "word":
            yield token[0].upper()
        elif token.lastgroup == "name":
            yield "`" + token[0][1:-1].replace("``", "`").upper()
        elif token.lastgroup == "text":
            yield "''"
        elif token.lastgroup == "number":
            # MySQL reads 1.5INTO as a number and a word.
            yield "0"
        elif token.lastgroup == "sign":
            yield token[0]
            if token[0] in _OPEN | _CARRIED_OUT:
                # What comes after is not ours to read; each further one would be searched to the end.
                return


def _check_words(words: list[str]) -> None:
    for number, word in enumerate(words):
        if word in _CARRIED_OUT:
            raise _refused(f"a comment with {word} is carried out; leave it out")
        if word in _OPEN:
            raise QueryFailed(f"The statement has a {word} that is never closed: close it.")
        if word == ";":
            raise _refused("there is more than one statement; send one at a time")
        for rest in _PHRASES.get(word, ()):
            if words[number + 1 : number + 1 + len(rest)] == rest:
                phrase = " ".join([word, *rest])
                raise _refused(f"{phrase!r} does more than read; put a column of that name in back quotes")
        # A function's name may be quoted, too.
        if word.lstrip("`") in _ACTING and words[number + 1 : number + 2] == ["("]:
            raise _refused(f"the function {word.lstrip('`')} does more than read")


def _refused(what: str) -> QueryRefused:
    return QueryRefused(f"The database lets a statement only read its tables: {what}.", rule="engine")
