"""What an account may do, read from the lines of SHOW GRANTS."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Finding", "findings", "granted_roles", "remedy"]

# REFERENCES makes foreign keys only together with CREATE or ALTER; PROCESS and the monitoring rights show
# what the server does. EXECUTE is not among them: a procedure may COMMIT and go on to write with the rights
# of its definer.
_HARMLESS = {
    "BINLOG MONITOR",
    "PROCESS",
    "REFERENCES",
    "REPLICA MONITOR",
    "REPLICATION CLIENT",
    "SELECT",
    "SHOW CREATE ROUTINE",
    "SHOW DATABASES",
    "SHOW VIEW",
    "SHOW_ROUTINE",
    "SLAVE MONITOR",
    "USAGE",
}
_MOST_NAMED = 5
_LONGEST_TARGET = 120
_QUOTED = re.compile(r"`(?:[^`]|``)*`|'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"", re.DOTALL)
_GRANT = re.compile(r"GRANT (?P<rights>.+?) ON (?P<target>.+?) TO (?P<holder>\S+)(?P<rest>.*)", re.DOTALL)
_ROLES = re.compile(r"GRANT (?P<roles>(?:(?! ON ).)+?) TO \S+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Finding:
    """Rights on `target` that are more than reading, and whose they are."""

    rights: str
    target: str
    holder: str = ""

    def __str__(self) -> str:
        via = " (as everybody has)" if self.holder.upper() == "PUBLIC" else ""
        return f"{self.rights} on {self.target}{via}"


def findings(lines: Iterable[str]) -> list[Finding]:
    """The rights among `lines` that are more than reading; a line that cannot be read counts as one."""
    found: dict[Finding, None] = {}
    for line in lines:
        finding = _finding(line)
        if finding is not None:
            found[finding] = None
    return list(found)


def granted_roles(lines: Iterable[str]) -> list[str]:
    """The roles that `lines` give, as they are written there: `r` or `r`@`%`, with their quotes."""
    roles: dict[str, None] = {}
    for line in lines:
        text, quotes = _unquoted(line)
        match = _ROLES.match(text)
        if match and _GRANT.match(text) is None:
            for role in match["roles"].split(","):
                roles[_quoted_again(role.strip(), quotes)] = None
    return list(roles)


def remedy(database: str, found: Iterable[Finding]) -> str:
    """What was found, and the SQL that makes an account which may only read `database`."""
    listed = list(found)
    named = "; ".join(str(finding) for finding in listed[:_MOST_NAMED])
    more = f"; and {len(listed) - _MOST_NAMED} more" if len(listed) > _MOST_NAMED else ""
    # _ and % stand for any characters in the name that a GRANT gives a database.
    name = re.sub(r"([_%\\])", r"\\\1", database).replace("`", "``")
    public = [f"REVOKE {f.rights} ON {f.target} FROM PUBLIC;" for f in listed if f.holder.upper() == "PUBLIC"]
    statements = " ".join(
        [
            "CREATE USER 'tao_reader'@'%' IDENTIFIED BY '...';",
            f"GRANT SELECT, SHOW VIEW ON `{name}`.* TO 'tao_reader'@'%';",
            *public[:_MOST_NAMED],
        ]
    )
    return (
        f"The account may do more than read: {named}{more}. Have an administrator run this, and put that"
        f" account into the address: {statements}"
    )


def _finding(line: str) -> Finding | None:
    text, quotes = _unquoted(line)
    # MySQL's partial revokes only take away, and MariaDB's default role is one that another line gives.
    if text.startswith(("REVOKE ", "SET DEFAULT ROLE ")):
        return None
    match = _GRANT.match(text)
    if match is None:
        # A role: what it may do is in lines of its own.
        return None if _ROLES.match(text) else Finding("rights that cannot be read", "unknown objects")
    rights = [
        _quoted_again(right, quotes) for right in _split(match["rights"]) if _name(right) not in _HARMLESS
    ]
    if "GRANT OPTION" in match["rest"].upper():
        rights.append("GRANT OPTION")
    if not rights:
        return None
    target = _quoted_again(match["target"], quotes)[:_LONGEST_TARGET]
    return Finding(", ".join(rights), target, _quoted_again(match["holder"], quotes))


def _split(rights: str) -> list[str]:
    """Rights by commas, but not by those between their columns."""
    return [right.strip() for right in re.split(r",(?![^(]*\))", rights)]


def _name(right: str) -> str:
    return re.sub(r"\(.*\)", "", right, flags=re.DOTALL).strip().upper()


def _unquoted(line: str) -> tuple[str, list[str]]:
    """The line with \\x00N\\x00 for its Nth quoted part, so that no name in it reads as a word."""
    quotes: list[str] = []

    def keep(match: re.Match[str]) -> str:
        quotes.append(match[0])
        return f"\0{len(quotes) - 1}\0"

    return _QUOTED.sub(keep, line.replace("\0", "")), quotes


def _quoted_again(text: str, quotes: list[str]) -> str:
    return re.sub("\0(\\d+)\0", lambda match: quotes[int(match[1])], text)
