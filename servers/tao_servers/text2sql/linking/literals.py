"""Texts as literals of SQL, which cannot end early."""

from tao_servers.text2sql.schema import Dialect

__all__ = ["containing", "text_literal"]

_ESCAPE = "!"
# In bytes; the guard of the SQLite engine lets no longer patterns run, since they can be slow.
_LONGEST_PATTERN = 60


def text_literal(text: str, dialect: Dialect) -> str:
    """`text` as a literal; NUL, which no text in a database has, and half surrogates are replaced."""
    text = text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    if dialect == "mysql":
        # Whether a backslash escapes depends on the session's sql_mode; digits do not.
        return f"_utf8mb4 0x{text.encode().hex()}" if text else "''"
    quoted = text.replace("'", "''")
    if dialect == "postgres" and "\\" in text:
        # Whatever standard_conforming_strings is set to.
        escaped = quoted.replace("\\", "\\\\")
        return f"E'{escaped}'"
    return f"'{quoted}'"


def containing(expression: str, needle: str, dialect: Dialect) -> str:
    """The condition that a text has `needle` in it, whatever its case where that is cheap."""
    pattern = needle
    for special in (_ESCAPE, "%", "_"):
        pattern = pattern.replace(special, _ESCAPE + special)
    if dialect == "sqlite" and len(pattern.encode("utf-8", "replace")) > _LONGEST_PATTERN:
        return f"instr({expression}, {text_literal(needle, dialect)}) > 0"
    like = "ILIKE" if dialect in {"postgres", "duckdb"} else "LIKE"
    return f"{expression} {like} {text_literal(f'%{pattern}%', dialect)} ESCAPE '{_ESCAPE}'"
