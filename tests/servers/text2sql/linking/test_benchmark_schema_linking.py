"""The benchmark of schema linking, on two small databases."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.schema_linking.__main__ import main
from benchmarks.schema_linking.decoys import decoys


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "small"
    (folder / "databases").mkdir(parents=True)
    for name, table in (("zoo", "animals"), ("farm", "fields")):
        with closing(sqlite3.connect(folder / "databases" / f"{name}.sqlite")) as connection:
            connection.executescript(
                f"""
                CREATE TABLE {table} (id INTEGER PRIMARY KEY, name TEXT);
                INSERT INTO {table} VALUES (1, '{name} one');
                CREATE TABLE city (id INTEGER PRIMARY KEY, {table}_id INTEGER REFERENCES {table} (id));
                """
            )
    questions = [
        {"db_id": "zoo", "question_en": "How many animals?", "gold_sql": ["SELECT count(*) FROM animals"]},
        {"db_id": "farm", "question_en": "fields by city", "gold_sql": ["SELECT * FROM Fields JOIN city"]},
        {"db_id": "farm", "question_en": "no statement", "gold_sql": ["SELEC FROM"]},
    ]
    lines = "\n".join(json.dumps(question) for question in questions)
    (folder / "questions.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path


def test_gold_tables_are_looked_for_in_one_schema_of_all(data: Path) -> None:
    options = ["--data", str(data), "--tables", "60", "--legs", "words,words+values", "--json"]
    result = CliRunner().invoke(main, options, catch_exceptions=False)
    found = json.loads(result.stdout.splitlines()[-1])
    assert found["tables"] == 60
    assert found["values"] == 2
    every = found["legs"]["words"]["sets"]["all"]
    assert every["questions"] == 2
    assert every["all_gold_tables"] == 1
    assert every["tokens"] < found["whole_schema_tokens"]


def test_a_folder_without_databases_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--data", str(tmp_path)])
    assert result.exit_code == 1
    assert "databases/*.sqlite" in result.output


def test_made_up_tables_are_the_same_each_time_and_their_keys_lead_somewhere() -> None:
    made = decoys(740)
    assert made == decoys(740)
    names = {table.name for table in made}
    assert len(names) == 740
    targets = {column.references for table in made for column in table.columns if column.references}
    assert targets <= {f"{name}.id" for name in names}
    with pytest.raises(ValueError, match="741"):
        decoys(741)
