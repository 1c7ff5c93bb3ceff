"""Reads a grammar in GBNF and says whether it allows a text: the part of the notation that we write."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

__all__ = ["Gbnf"]

Ends = frozenset[int]
Matcher = Callable[[str, int], Ends]

_TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<set>\[(?:[^\]\\]|\\.)*\])|(?P<name>[A-Za-z][A-Za-z0-9-]*)'
    r"|(?P<count>\{(?P<low>\d+),(?P<high>\d+)\})|(?P<sign>[()|?*+]))"
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r"}
_COUNTS = {"?": (0, 1), "*": (0, 10_000), "+": (1, 10_000)}


@dataclass
class Gbnf:
    """The rules of a grammar, each by its name; a rule that is not there is a KeyError when it is read."""

    grammar: str
    _rules: dict[str, Matcher] = field(default_factory=dict)
    _known: dict[tuple[str, int], Ends] = field(default_factory=dict)
    _text: str = ""

    def __post_init__(self) -> None:
        lines = dict(line.split(" ::= ", 1) for line in self.grammar.splitlines())
        for name, body in lines.items():
            tokens = list(_tokens(body))
            missing = {token for kind, token in tokens if kind == "name"} - set(lines)
            assert not missing, f"{name} needs {missing}"
            self._rules[name] = self._either(tokens)
            assert not tokens, f"{name} has {tokens} left"

    def allows(self, text: str, rule: str = "root") -> bool:
        """Whether the whole text is what the rule says."""
        self._text = text
        self._known.clear()
        return len(text) in self._rules[rule](text, 0)

    def reach(self, text: str, rule: str = "root") -> str:
        """The longest beginning of the text that the rule allows."""
        return next(
            text[:end] for end in range(len(text), -1, -1) if end == 0 or self.allows(text[:end], rule)
        )

    def _either(self, tokens: list[tuple[str, str]]) -> Matcher:
        branches = [self._sequence(tokens)]
        while tokens and tokens[0] == ("sign", "|"):
            tokens.pop(0)
            branches.append(self._sequence(tokens))
        return lambda text, start: frozenset().union(*(branch(text, start) for branch in branches))

    def _sequence(self, tokens: list[tuple[str, str]]) -> Matcher:
        parts: list[Matcher] = []
        while tokens and tokens[0] not in {("sign", "|"), ("sign", ")")}:
            part = self._part(tokens)
            while tokens and (tokens[0][1] in _COUNTS or tokens[0][0] == "count"):
                part = _times(part, *_bounds(tokens.pop(0)[1]))
            parts.append(part)

        def match(text: str, start: int) -> Ends:
            ends = frozenset({start})
            for part in parts:
                ends = frozenset().union(*(part(text, end) for end in ends))
            return ends

        return match

    def _part(self, tokens: list[tuple[str, str]]) -> Matcher:
        kind, token = tokens.pop(0)
        if kind == "text":
            plain = _plain(token[1:-1])
            return lambda text, start: frozenset(
                {start + len(plain)} if text.startswith(plain, start) else ()
            )
        if kind == "set":
            return _one_of(token)
        if kind == "name":
            return lambda text, start: self._named(token, text, start)
        assert token == "(", token
        inner = self._either(tokens)
        assert tokens.pop(0) == ("sign", ")")
        return inner

    def _named(self, name: str, text: str, start: int) -> Ends:
        if (name, start) not in self._known:
            self._known[name, start] = self._rules[name](text, start)
        return self._known[name, start]


def _tokens(body: str) -> Iterator[tuple[str, str]]:
    place = 0
    while body[place:].strip():
        found = _TOKEN.match(body, place)
        assert found, f"{body[place : place + 20]!r} is no GBNF"
        kind = next(name for name in ("text", "set", "name", "count", "sign") if found[name])
        yield kind, found[kind]
        place = found.end()


def _times(part: Matcher, low: int, high: int) -> Matcher:
    def match(text: str, start: int) -> Ends:
        ends, seen = frozenset({start}), set[int]({start} if low == 0 else ())
        for count in range(1, high + 1):
            ends = frozenset().union(*(part(text, end) for end in ends))
            if count >= low:
                ends -= seen
                seen |= ends
            if not ends:
                break
        return frozenset(seen)

    return match


def _bounds(token: str) -> tuple[int, int]:
    if token in _COUNTS:
        return _COUNTS[token]
    low, high = token.strip("{}").split(",")
    return int(low), int(high)


def _one_of(token: str) -> Matcher:
    pattern = re.compile(token, re.DOTALL)
    return lambda text, start: frozenset({start + 1} if pattern.match(text, start) else ())


def _plain(text: str) -> str:
    def letter(found: re.Match[str]) -> str:
        code = found[1] or found[2]
        return chr(int(code, 16)) if code else _LETTERS.get(found[3], found[3])

    return _ESCAPE.sub(letter, text)
