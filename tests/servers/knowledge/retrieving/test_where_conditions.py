import datetime
import json
import math
import tempfile
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.index import Entry
from tao_servers.knowledge.index.catalogue import Catalogue, open_catalogue
from tao_servers.knowledge.retrieving import WhereError, parse_where
from tao_servers.knowledge.retrieving.where import WhereConditions, nothing_because

_REPORT = Entry(
    "/home/mei/财务/年报2024.pdf",
    "1",
    "made",
    Document(
        "text" * 300,
        title="ＡＣＭＥ 2024 年报",
        author="Zoë O'Neill",
        created="2024-03-31T23:30:00+08:00",
        modified="2024-04",
    ),
    (),
    bytes=5000,
    language="zh",
    attributes={"team": ["财务", "HR"], "price": ["1,200"], "due": ["2024年5月1日"], "summary": ["机密"]},
)
_NOTES = Entry(
    "https://example.com/notes.md?v=1",
    "2",
    "made",
    Document("text", title="Notes", created="2023", modified="at noon"),
    (),
    bytes=70,
    language="en",
    attributes={"team": ["hr"], "price": ["99元"], "a.b'\"]": ["x"], "year": ["2023"], "draft": ["true"]},
)
_BARE = Entry("stdin:/bare.txt", "3", "made", Document("text"), ())


@contextmanager
def _catalogue(folder: Path, entries: Sequence[Entry]) -> Iterator[Catalogue]:
    """A catalogue with these documents, as a reader opens it; their ids count from 1."""
    with open_catalogue(folder / "catalogue.sqlite", write=True) as writing:
        writing.publish(writing.write(entries))
    with open_catalogue(folder / "catalogue.sqlite", write=False) as catalogue:
        yield catalogue


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with _catalogue(tmp_path, [_REPORT, _NOTES, _BARE]) as catalogue:
        yield catalogue


def _found(catalogue: Catalogue, conditions: Mapping[str, Any]) -> list[str]:
    where = parse_where(conditions)
    names = ("report", "notes", "bare")
    return [names[id_ - 1] for id_ in catalogue.documents_where(where.sql, where.values)]


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, "report notes bare"),
        ({"title": None}, "report notes bare"),
        ({"source": "年报2024.PDF"}, "report"),
        ({"source": "/home/mei/财务/年报2024.pdf"}, "report"),
        ({"source": {"contains": "example.com"}}, "notes"),
        ({"title": {"contains": "acme"}}, "report"),
        ({"title": "notes"}, "notes"),
        ({"author": {"contains": "o'neill"}}, "report"),
        ({"language": ["zh", "en"]}, "report notes"),
        ({"created": "2024"}, "report"),
        ({"created": 2024}, "report"),
        ({"created": "2024-03-31"}, "report"),
        ({"created": "2024-03-30"}, ""),
        ({"created": {"range": ["2024", "2024"]}}, "report"),
        ({"created": {"range": ["2024-03-31", "2024-03-31T01:00"]}}, "report"),
        ({"created": {"range": [None, "2023-06"]}}, "notes"),
        ({"created": {"range": ["2023-06", None]}}, "report"),
        ({"created": {"range": [datetime.date(2023, 1, 1), ""]}}, "report notes"),
        ({"created": ["2023", "2025"]}, "notes"),
        ({"modified": "2024-04"}, "report"),
        ({"modified": {"range": ["0001", None]}}, "report"),
        ({"added": {"range": ["2026-01-01", None]}}, "report notes bare"),
        ({"added": {"range": [None, "2001"]}}, ""),
        ({"bytes": {"range": [70, 100]}}, "notes"),
        ({"bytes": {"range": ["1,000", None]}}, "report"),
        ({"characters": 4}, "notes bare"),
        ({"tag": "财务"}, "report"),
        ({"tags": {"in": ["HR"]}}, "report notes"),
        ({"tag": "team=hr"}, "report notes"),
        ({"tag": {"contains": "机"}}, ""),
        ({"summary": {"contains": "机"}}, "report"),
        ({"Team": "ＨＲ"}, "report notes"),
        ({"price": {"range": [100, 1500]}}, "report"),
        ({"price": 99}, "notes"),
        ({"price": [99, "1,200"]}, "report notes"),
        ({"due": {"range": ["2024-04", "2024-06"]}}, "report"),
        ({"due": "2024"}, "report"),
        ({"year": 2023}, "notes"),
        ({"year": {"range": ["2022", "2023"]}}, "notes"),
        ({"draft": True}, "notes"),
        ({"a.b'\"]": "x"}, "notes"),
        ({"nobody": "x"}, ""),
        ({"team": "hr", "language": "zh"}, "report"),
        ({"price": {"range": [1, None], "contains": "元"}}, "notes"),
        ({"title": {"$eq": "notes"}}, "notes"),
    ],
)
def test_a_condition_finds_the_documents_that_it_means(
    catalogue: Catalogue, conditions: dict[str, Any], expected: str
) -> None:
    assert _found(catalogue, conditions) == expected.split()


@pytest.mark.parametrize(
    ("conditions", "told"),
    [
        ("title", "object of conditions"),
        ({"created": {"gte": "2024"}}, "Unknown operation 'gte' for 'created'. Use one of eq, in, range"),
        ({"created": {"range": ["2024", None], "!": 1}}, "Unknown operation '!'"),
        ({"created": {}}, "is empty"),
        ({"created": "soon"}, "'created' is a date, and 'soon' is none. Write 2024-05-31"),
        ({"created": "2024-02-30"}, "is a date"),
        ({"created": {"range": ["2024-05", "2024-04"]}}, "begins after its end"),
        ({"created": {"range": [None, None]}}, "open at both ends"),
        ({"created": {"range": ["2024"]}}, "not 1 values"),
        ({"created": {"range": "2024"}}, "needs [from, to], not '2024'"),
        ({"created": {"contains": "2024"}}, 'Use range, such as ["2024-01-01", null]'),
        ({"bytes": "many"}, "'bytes' is a number"),
        ({"bytes": {"range": [5, 4]}}, "begins after its end"),
        ({"bytes": math.nan}, "too large, or none"),
        ({"bytes": 10**5000}, "too large, or none"),
        ({"title": {"range": ["a", "b"]}}, "is a text, and has no range"),
        ({"version": {"range": ["a", "b"]}}, "needs numbers or dates (2024-05-31), and has 'a' and 'b'"),
        ({"version": {"range": [100, "2024-05-01"]}}, "needs numbers or dates"),
        ({"tag": {"in": []}}, "needs 1 to 100 values, and has 0"),
        ({"tag": {"in": "HR"}}, "needs a list of values, not 'HR'"),
        ({"tag": ["x"] * 101}, "and has 101"),
        ({"tag": "x" * 201}, "201 characters"),
        ({"tag": "\u3000"}, "is empty"),
        ({"tag": {"eq": {"eq": "x"}}}, "not with an object"),
        ({"tag": [["x"]]}, "not with a list"),
        ({"tag": {"eq": None}}, "not with null"),
        ({"tag": b"x"}, "not with bytes"),
        ({"": "x"}, "is no name of a field"),
        ({"x" * 65: "x"}, "is no name of a field"),
        ({5: "x"}, "is no name of a field"),
        ({f"name{n}": "x" for n in range(21)}, "more than 20 conditions"),
    ],
)
def test_a_condition_that_cannot_be_meant_is_told_with_what_to_write(conditions: Any, told: str) -> None:
    with pytest.raises(WhereError) as caught:
        parse_where(conditions)
    assert told in str(caught.value)
    assert len(str(caught.value)) < 400


def test_the_largest_conditions_that_are_taken_can_be_answered(catalogue: Catalogue) -> None:
    values = [f"2024-01-{day:02}" for day in range(1, 32)] + [2024] * 34 + ["字" * 200] * 35
    assert _found(catalogue, {f"name{n}": values for n in range(20)}) == []


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    with _catalogue(tmp_path_factory.mktemp("notes"), [_NOTES]) as catalogue:
        yield catalogue


@settings(max_examples=100, deadline=None)
@given(name=st.text(max_size=60), value=st.text(max_size=190))
def test_nothing_that_a_user_writes_is_in_the_sql(notes: Catalogue, name: str, value: str) -> None:
    for known in ("x", "title"):
        for operation in ("eq", "contains"):
            where = parse_where({f"q{name}": {operation: f"q{value}"}, known: [f"q{value}", "q"]})
            plain = parse_where({"qq": {operation: "q"}, known: ["q", "q"]})
            assert where.sql == plain.sql
            notes.documents_where(where.sql, where.values)


@dataclass(frozen=True)
class _Meant:
    """A text as users write it, with what it means, said here by hand."""

    text: str
    number: float | None = None
    days: tuple[str, str] | None = None


_YEAR = ("2024-01-01", "2024-12-31")
_TEXTS = [
    _Meant("财务"),
    _Meant("HR"),
    _Meant("ｈｒ"),
    _Meant("Straße"),
    _Meant("STRASSE"),
    _Meant("价格 99"),
    _Meant("' OR 1=1 --"),
    _Meant('{"a": [1]}'),
    _Meant("1,200", 1200),
    _Meant("1200.0", 1200),
    _Meant("¥99元", 99),
    _Meant("３.5万", 35000),
    _Meant("-7", -7),
    _Meant("2024", 2024, _YEAR),
    _Meant("2024年", 2024, _YEAR),
    _Meant("2024-02", None, ("2024-02-01", "2024-02-29")),
    _Meant("2024/2/9", None, ("2024-02-09", "2024-02-09")),
    _Meant("2024-02-09T23:59:59Z", None, ("2024-02-09", "2024-02-09")),
    _Meant("2025-12-31", None, ("2025-12-31", "2025-12-31")),
    _Meant("2024-02-30"),
    _Meant("12/24/2024"),
]
_meant = st.sampled_from(_TEXTS)
_dates = st.sampled_from([text for text in _TEXTS if text.days])


def _in_order(ends: tuple[_Meant, _Meant]) -> bool:
    first, last = ends
    return bool(first.days and last.days and first.days[0] <= last.days[1])


_spans = st.one_of(
    st.tuples(_dates, st.none()),
    st.tuples(st.none(), _dates),
    st.tuples(_dates, _dates).filter(_in_order),
)
_attributes = st.dictionaries(
    st.sampled_from(["team", "Price", "a'b"]), st.lists(_meant, min_size=1, max_size=3), max_size=3
)


@dataclass(frozen=True)
class _Known:
    title: _Meant
    created: _Meant | None
    bytes: int
    attributes: dict[str, list[_Meant]]

    def entry(self, place: int) -> Entry:
        document = Document("x", title=self.title.text, created=self.created.text if self.created else None)
        texts = {name: [value.text for value in values] for name, values in self.attributes.items()}
        return Entry(f"/{place}", "d", "m", document, (), bytes=self.bytes, attributes=texts)


_documents = st.builds(
    _Known, _meant, st.none() | _meant, st.sampled_from([0, 99, 1200, 2024, 10**12]), _attributes
)
_conditions = st.fixed_dictionaries(
    {},
    optional={
        "title": st.tuples(st.sampled_from(["eq", "contains"]), st.tuples(_meant)),
        "created": st.tuples(st.just("eq"), st.tuples(_dates)) | st.tuples(st.just("range"), _spans),
        "bytes": st.tuples(st.just("range"), st.tuples(st.sampled_from([0, 99.5, 1200]), st.none())),
        "team": st.tuples(st.sampled_from(["eq", "contains"]), st.tuples(_meant)),
        "price": st.tuples(st.just("in"), st.tuples(_meant, st.sampled_from([99, 1200, 2024, -7]))),
        "tag": st.tuples(st.just("eq"), st.tuples(_meant)),
        "a'b": st.tuples(st.just("range"), st.tuples(st.sampled_from([-7, 0, 99, 1200]), st.none()))
        | st.tuples(st.just("range"), _spans),
    },
)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _in_range(value: Any, low: Any, high: Any) -> bool:
    return value is not None and (low is None or low <= value) and (high is None or value <= high)


def _span(operand: Any) -> tuple[str, str] | None:
    """The days that an operand may mean: a number of four digits may be a year."""
    if isinstance(operand, _Meant):
        return operand.days
    return {1200: ("1200-01-01", "1200-12-31"), 2024: _YEAR}.get(operand)


def _own(value: _Meant, operation: str, operands: Sequence[Any]) -> bool:
    """Whether a tag satisfies a condition."""
    if operation == "contains":
        return _fold(operands[0].text) in _fold(value.text)
    first = value.days[0] if value.days else None
    if operation == "range":
        ends = [end for end in operands if end is not None]
        low, high = ((end.number if isinstance(end, _Meant) else end) for end in operands)
        as_number = all(not isinstance(end, _Meant) or end.number is not None for end in ends)
        spans = [_span(end) for end in operands]
        as_date = all(_span(end) for end in ends)
        begin, finish = spans[0][0] if spans[0] else None, spans[1][1] if spans[1] else None
        return (as_number and _in_range(value.number, low, high)) or (
            as_date and _in_range(first, begin, finish)
        )
    for operand in operands:
        days = _span(operand)
        if isinstance(operand, _Meant):
            if _fold(operand.text) == _fold(value.text):
                return True
        elif value.number == operand:
            return True
        if days and _in_range(first, *days):
            return True
    return False


def _satisfies(document: _Known, name: str, operation: str, operands: Sequence[Any]) -> bool:
    if name == "title":
        wanted, text = _fold(operands[0].text), _fold(document.title.text)
        return wanted in text if operation == "contains" else wanted == text
    if name == "bytes":
        return _in_range(document.bytes, *operands)
    if name == "created":
        day = document.created.days[0] if document.created and document.created.days else None
        low, high = (operands[0], operands[-1]) if operation == "range" else (operands[0], operands[0])
        return _in_range(day, low and low.days[0], high and high.days[1])
    return any(
        _own(value, operation, operands)
        for key, values in document.attributes.items()
        if name == "tag" or _fold(key) == name
        for value in values
    )


def _written(operation: str, operands: Sequence[Any]) -> dict[str, Any]:
    values = [value.text if isinstance(value, _Meant) else value for value in operands]
    return {operation: values if operation in ("in", "range") else values[0]}


@settings(max_examples=60, deadline=None)
@given(documents=st.lists(_documents, min_size=1, max_size=8), conditions=_conditions)
def test_sql_finds_what_a_plain_reading_of_the_conditions_finds(
    documents: list[_Known], conditions: dict[str, tuple[str, tuple[Any, ...]]]
) -> None:
    where = parse_where({name: _written(*condition) for name, condition in conditions.items()})
    entries = [document.entry(place) for place, document in enumerate(documents)]
    with tempfile.TemporaryDirectory() as folder, _catalogue(Path(folder), entries) as catalogue:
        found = catalogue.documents_where(where.sql, where.values)
    expected = [
        place
        for place, document in enumerate(documents, start=1)
        if all(_satisfies(document, name, *condition) for name, condition in conditions.items())
    ]
    assert found == expected


def test_documents_that_are_not_live_are_never_found(tmp_path: Path) -> None:
    with open_catalogue(tmp_path / "catalogue.sqlite", write=True) as catalogue:
        first = catalogue.write([_REPORT, _NOTES])
        catalogue.publish(first[:1])
        assert catalogue.documents_where("1", ()) == first[:1]
        catalogue.retire(first[:1])
        assert catalogue.documents_where("1", ()) == []


def test_what_could_be_asked_for_is_told_when_nothing_satisfies_a_condition(catalogue: Catalogue) -> None:
    known = catalogue.fields.known()
    assert known["language"] == ["en", "zh"]
    assert known["created"] == ["2023-01-01", "2024-03-31"]
    assert known["team"] == ["HR", "hr", "财务"]
    assert known["summary"] == []
    told = nothing_because(parse_where({"taem": "HR", "language": "fr"}), known)
    assert "No document has a tag 'taem'. Did you mean 'team'?" in told
    assert "language (en, zh)" in told
    assert "No document has" not in nothing_because(
        parse_where({"tag": "x", "Tags": "x", "TEAM": "x"}), known
    )
    assert "title" in told


def test_of_many_tags_and_values_only_some_are_told(tmp_path: Path) -> None:
    attributes = {f"name{n}": [f"value{m}" * 30 for m in range(9)] for n in range(40)}
    entry = Entry("/a", "d", "m", Document("x"), (), attributes=attributes)
    with _catalogue(tmp_path, [entry]) as catalogue:
        known = catalogue.fields.known(limit=5)
    own = {name: values for name, values in known.items() if name.startswith("name")}
    assert len(own) == 5
    assert {len(values) for values in own.values()} == {3}
    assert max(len(value) for values in own.values() for value in values) < 50


def test_the_parameter_of_a_tool_costs_little_and_may_be_left_out() -> None:
    adapter = TypeAdapter[Any](WhereConditions)
    schema = adapter.json_schema()
    assert schema["type"] == "object"
    assert parse_where(json.loads(schema["description"].partition("e.g. ")[2])).names
    assert len(json.dumps(schema, ensure_ascii=False)) < 220
    assert adapter.validate_python({"language": "zh"}) == {"language": "zh"}
    assert adapter.validate_python(None) is None
