"""What is done to a statement before it runs, and what is left as the model wrote it."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tao.models.embeddings import Kind
from tao_servers.text2sql.answering.candidate import Candidate
from tao_servers.text2sql.answering.trying import tried
from tao_servers.text2sql.errors import QueryFailed
from tao_servers.text2sql.linking import with_likely_references
from tao_servers.text2sql.source import Source
from tao_servers.text2sql.stopping import Stop
from tests.support.concepts import BrokenEmbedder, Concepts
from tests.support.sql_server import database_at

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SHOP = """
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, city TEXT, salary INT);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INT REFERENCES customers(id), city TEXT);
    CREATE VIEW cities AS SELECT city, count(*) FROM customers GROUP BY city;
    CREATE VIRTUAL TABLE docs USING fts5(title, body);
    INSERT INTO customers VALUES (1, 'Ann', 'Oslo', 3), (2, 'Bo', 'Rome', 5);
    INSERT INTO orders VALUES (1, 1, 'Bern'), (2, 1, 'Bonn'), (3, 2, 'Rome');
    INSERT INTO docs VALUES ('a', 'x'), ('b', 'y');
"""


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Source]:
    path = tmp_path / "shop.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(_SHOP)
    source = Source(database_at(path))
    yield source
    source.close()


def attempt(
    written: str, source: Source, *, stop: Stop | None = None, embedder: Concepts | None = None
) -> Candidate:
    schema = with_likely_references(source.schema())
    limits, stop = source.database.limits, stop or Stop()
    return tried(written, source, schema, limits, stop, embedder=lambda: embedder)


@pytest.mark.parametrize(
    "written",
    [
        "SELECT COUNT(*) FROM customers",
        'SELECT "count(*)" FROM cities',
        "SELECT title FROM docs WHERE docs = 'x'",
        "SELECT title FROM docs WHERE docs MATCH 'x' ORDER BY bm25(docs)",
        "SELECT a.name FROM customers a JOIN customers b WHERE a.salary > b.salary",
        "SELECT COUNT(*) FROM customers WHERE name == 'Ann'",
    ],
)
def test_what_passes_the_rules_and_runs_stays_as_it_was_written(written: str, source: Source) -> None:
    found = attempt(written, source)
    assert found.ran
    assert (found.sql, found.mends) == (written, ())


def test_a_join_without_any_condition_gets_its_key_though_it_would_run(source: Source) -> None:
    found = attempt("SELECT c.name, o.id FROM customers c JOIN orders o", source)
    assert found.sql == "SELECT c.name, o.id FROM customers c JOIN orders o ON c.id = o.customer_id"
    assert found.rows is not None
    assert len(found.rows.rows) == 3


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("SELECT nmae FROM custommers", "SELECT name FROM customers"),
        # The rules let pass what these three are; the database does not.
        ("SELECT name, city FROM customers c JOIN orders o ON c.id = o.customer_id", "c.city"),
        ("(SELECT city FROM customers) EXCEPT (SELECT city FROM orders)", "SELECT * FROM (SELECT city"),
        ("SELECT customers FROM customers c", "SELECT"),
    ],
)
def test_what_the_rules_or_the_database_refuse_is_mended(written: str, expected: str, source: Source) -> None:
    found = attempt(written, source)
    assert expected in found.sql
    assert found.ran == (found.sql != written)


def test_a_name_that_the_database_would_take_for_text_is_mended(source: Source) -> None:
    found = attempt('SELECT "nmae" FROM customers', source)
    assert found.sql == "SELECT name FROM customers"


def test_prose_goes_from_what_nothing_else_is_done_to(source: Source) -> None:
    found = attempt("```sql\nSELECT COUNT(*) FROM customers\n```", source)
    assert (found.sql, found.ran) == ("SELECT COUNT(*) FROM customers", True)


class _Watched(Concepts):
    """Remembers what it embeds, and has the question cancelled by that if told so."""

    def __init__(self, cancelled: Stop | None = None) -> None:
        super().__init__("town city")
        self._cancelled = cancelled
        self.calls: list[list[str]] = []

    def embed(self, texts: Sequence[str], *, kind: Kind = "passage") -> "NDArray[np.float32]":
        self.calls.append(list(texts))
        if self._cancelled is not None:
            self._cancelled.set()
        return super().embed(texts, kind=kind)


def test_each_name_is_embedded_once_for_a_statement(source: Source) -> None:
    embedder = _Watched()
    found = attempt("SELECT town, wwww, qqqq FROM customers", source, embedder=embedder)
    assert found.sql == "SELECT city, wwww, qqqq FROM customers"
    texts = [text for call in embedder.calls for text in call]
    assert sorted(texts) == sorted(["town", "wwww", "qqqq", "id", "name", "city", "salary"])


def test_a_cancelled_question_embeds_no_further_names(source: Source) -> None:
    stop = Stop()
    embedder = _Watched(stop)
    with pytest.raises(QueryFailed, match="cancelled"):
        attempt("SELECT wwww, zzzz, qqqq FROM customers", source, stop=stop, embedder=embedder)
    assert len(embedder.calls) == 1


def test_an_embedder_that_fails_leaves_names_to_their_spelling(source: Source) -> None:
    found = attempt("SELECT nmae, town FROM customers", source, embedder=BrokenEmbedder("x"))
    assert found.sql == "SELECT name, town FROM customers"
