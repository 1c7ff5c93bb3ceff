"""Reading questions, and choosing some of them."""

import datetime
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tao_servers.text2sql.evaluating.dataset import DatasetError, Item, read_datasets
from tao_servers.text2sql.evaluating.spreading import spread
from tests.support.text2sql_sets import a_text2sql_set

_GOOD: dict[str, Any] = {"id": "q1", "db_id": "zoo", "question_en": "How many?", "gold_sql": ["SELECT 1"]}


def test_a_question_in_two_languages_is_asked_twice(tmp_path: Path) -> None:
    items = read_datasets(a_text2sql_set(tmp_path / "动物园"))
    assert [(item.group, item.id, item.language) for item in items] == [
        ("动物园:en", "count", "en"),
        ("动物园:zh", "count", "zh"),
        ("动物园:en", "heaviest", "en"),
    ]
    assert [item.ordered for item in items] == [False, False, True]
    assert all(item.database.is_file() for item in items)


def test_what_is_told_besides_the_question_is_read(tmp_path: Path) -> None:
    record = _GOOD | {
        "instructions": "TAC = total animals",
        "context": "Weights are in kilos.",
        "as_of": "2025-06-17 12:00:00",
        "category": "ratio",
        "gold_sql": "SELECT 1",
        "order_matters": None,
    }
    (item,) = read_datasets(a_text2sql_set(tmp_path / "one", [record]))
    assert item.notes == "TAC = total animals\nWeights are in kilos."
    assert item.as_of == datetime.date(2025, 6, 17)
    assert (item.category, item.gold, item.subset) == ("ratio", ("SELECT 1",), False)


def test_further_columns_are_allowed_in_sets_of_defog_or_where_a_question_says_so(tmp_path: Path) -> None:
    a_text2sql_set(tmp_path / "defog_en", [_GOOD, _GOOD | {"id": "q2", "subset": False}])
    a_text2sql_set(tmp_path / "own", [_GOOD, _GOOD | {"id": "q2", "subset": True}])
    assert [item.subset for item in read_datasets(tmp_path)] == [True, False, False, True]


def test_a_question_without_a_language_has_that_of_its_text(tmp_path: Path) -> None:
    record = {"id": 7, "db_id": "zoo", "question": "多少只？", "gold_sql": ["SELECT 1"]}
    (item,) = read_datasets(a_text2sql_set(tmp_path / "own", [record]))
    assert (item.id, item.language) == ("7", "zh")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": None}, "has no id"),
        ({"id": " "}, "has no id"),
        ({"db_id": None}, "has no db_id"),
        ({"db_id": "moon"}, "asks the database 'moon', but there is no"),
        ({"db_id": "../zoo"}, "no name of a file"),
        ({"db_id": "a\0b"}, "no name of a file"),
        ({"db_id": "z" * 5000}, "asks the database"),
        ({"question_en": None}, "has no question"),
        ({"question_en": ["How?"]}, "has no question_en, or one that is not a text"),
        ({"gold_sql": None}, "has no gold_sql"),
        ({"gold_sql": []}, "has no gold_sql"),
        ({"gold_sql": [" "]}, "has no gold_sql"),
        ({"gold_sql": [3]}, "has no gold_sql"),
        ({"order_matters": "yes"}, "order_matters 'yes', which is neither true nor false"),
        ({"as_of": "yesterday"}, "has an as_of that is no day"),
        ({"id": "first"}, "has the id 'first' for the second time"),
    ],
)
def test_what_is_wrong_with_a_line_is_told_with_its_place(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    a_text2sql_set(tmp_path / "own", [_GOOD | {"id": "first"}, _GOOD | change])
    with pytest.raises(DatasetError) as caught:
        read_datasets(tmp_path / "own")
    assert "questions.jsonl', line 2" in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"\xff\xfe\x00", "line 1 is not UTF-8"),
        (b"{", "line 1 is not valid JSON"),
        (b"[" * 100_000, "line 1 is not valid JSON"),
        (b"[1]", "line 1 is no object"),
    ],
)
def test_a_file_that_has_no_questions_is_told(tmp_path: Path, content: bytes, said: str) -> None:
    a_text2sql_set(tmp_path)
    (tmp_path / "questions.jsonl").write_bytes(content)
    with pytest.raises(DatasetError, match=said):
        read_datasets(tmp_path)


def test_folders_without_a_set_are_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="There is no folder"):
        read_datasets(tmp_path / "nowhere")
    (tmp_path / "other").mkdir()
    with pytest.raises(DatasetError, match="no folder in it has one"):
        read_datasets(tmp_path)


def test_half_a_character_does_not_reach_a_model(tmp_path: Path) -> None:
    a_text2sql_set(tmp_path)
    line = json.dumps(_GOOD | {"question_en": "a\ud800b"})
    (tmp_path / "questions.jsonl").write_text(line, encoding="utf-8")
    assert read_datasets(tmp_path)[0].question == "a?b"


def _items(**counts: int) -> list[Item]:
    return [
        Item("s", f"{name}{number}", language, "?", Path(f"{name}.sqlite"), ("SELECT 1",))
        for name, count in counts.items()
        for number in range(count)
        for language in ("en", "zh")
    ]


def test_a_few_questions_are_spread_over_the_databases_of_each_language() -> None:
    items = _items(a=100, b=3, c=50)
    chosen = spread(items, 20)
    counts = Counter((item.database.stem, item.language) for item in chosen)
    assert counts == {
        (name, language): n for name, n in (("a", 9), ("b", 3), ("c", 8)) for language in ("en", "zh")
    }
    assert chosen == spread(items, 20)
    assert [item.database.stem for item in chosen] == sorted(item.database.stem for item in chosen)
    english = [item.id for item in chosen if item.language == "en"]
    assert english == [item.id for item in chosen if item.language == "zh"]


def test_fewer_questions_than_databases_are_of_as_many_databases() -> None:
    chosen = spread(_items(a=5, b=5, c=5, d=5), 2)
    assert sorted({item.database.stem for item in chosen}) == ["a", "c"]
    assert len(chosen) == 4


@pytest.mark.parametrize("limit", [None, 106, 10_000])
def test_without_a_limit_all_are_asked_one_database_after_another(limit: int | None) -> None:
    items = _items(b=3, a=50)
    chosen = spread(items, limit)
    assert sorted(map(id, chosen)) == sorted(map(id, items))
    assert [item.database.stem for item in chosen] == ["a"] * 100 + ["b"] * 6
    assert spread([], limit) == []
