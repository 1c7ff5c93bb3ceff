from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_servers.knowledge.evaluating.dataset import DatasetError, Record, read_dataset
from tests.support.beir_sets import a_beir_set


@pytest.mark.parametrize("header", [True, False])
def test_a_data_set_is_read_with_and_without_a_header(tmp_path: Path, header: bool) -> None:
    dataset = read_dataset(a_beir_set(tmp_path / "鞋店", header=header))
    assert dataset.name == "鞋店"
    assert dataset.queries["q1"] == "皮鞋多少钱"
    assert dataset.relevances == {"q1": {"d1": 1}, "q2": {"d2": 1}, "q3": {"d3": 2}, "q4": {"d4": 1}}
    assert next(dataset.corpus) == Record("d1", "皮鞋", "皮鞋的价格是399元。")
    assert len(list(dataset.corpus)) == len(list(dataset.corpus)) == 4


def test_judgements_of_a_split_are_chosen(tmp_path: Path) -> None:
    a_beir_set(tmp_path, judgements="qrels/dev.tsv", judged=[("q1", "d2", 1)])
    assert read_dataset(tmp_path).relevances == {"q1": {"d2": 1}}
    a_beir_set(tmp_path, judgements="qrels/test.tsv", judged=[("q2", "d2", 1)])
    assert read_dataset(tmp_path).relevances == {"q2": {"d2": 1}}
    assert read_dataset(tmp_path, split="dev").relevances == {"q1": {"d2": 1}}
    with pytest.raises(DatasetError, match=r"no qrels/train.tsv .* Choose of: dev, test\."):
        read_dataset(tmp_path, split="train")


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="There is no folder"):
        read_dataset(tmp_path / "nothing")
    with pytest.raises(DatasetError, match=r"no corpus.jsonl and no queries.jsonl"):
        read_dataset(tmp_path)
    a_beir_set(tmp_path)
    (tmp_path / "qrels.tsv").unlink()
    with pytest.raises(DatasetError, match=r"no qrels.tsv nor qrels/test.tsv"):
        read_dataset(tmp_path)


@pytest.mark.parametrize(
    ("file", "data", "said"),
    [
        ("queries.jsonl", b'{"_id": "q1", "text": "x"}\n{"_id": "q2"', "line 2 is not valid JSON"),
        ("queries.jsonl", b"\n\n[1]\n", "line 3 is no object with _id and text"),
        ("queries.jsonl", b'{"text": "x"}\n', "line 1 has no _id"),
        ("queries.jsonl", b'{"_id": true, "text": "x"}\n', "line 1 has no _id"),
        ("queries.jsonl", b'{"_id": "\\ud800", "text": "x"}\n', "no valid Unicode"),
        ("queries.jsonl", b'{"_id": "q1"}\n', "line 1 has no text"),
        ("queries.jsonl", b'{"_id": "q1", "text": 5}\n', "not a string"),
        ("queries.jsonl", b'{"_id": "q1", "text": "x"}\n{"_id": "q1", "text": "y"}\n', "for the second time"),
        ("queries.jsonl", "价格".encode("gb18030"), "line 1 is not UTF-8"),
        ("queries.jsonl", b"\x00\xff\xfe" * 100, "line 1 is not UTF-8"),
        ("queries.jsonl", b"[" * 100_000, "line 1 is not valid JSON"),
        ("queries.jsonl", b"", "is empty"),
        ("qrels.tsv", b"q1 d1 1\n", "line 1 is not query, document and grade, parted by tabs"),
        ("qrels.tsv", b"q1\td1\t1\nq1\td1\tmuch\n", "line 2 has a grade that is no whole number"),
        ("qrels.tsv", b"q9\td1\t1\n", "judges the query 'q9'"),
        ("qrels.tsv", b"query-id\tcorpus-id\tscore\n", "has no judgements"),
        ("qrels.tsv", b"", "has no judgements"),
    ],
)
def test_a_wrong_line_is_told_with_its_place(tmp_path: Path, file: str, data: bytes, said: str) -> None:
    a_beir_set(tmp_path)
    (tmp_path / file).write_bytes(data)
    with pytest.raises(DatasetError) as raised:
        read_dataset(tmp_path)
    assert said in str(raised.value)
    assert file in str(raised.value)
    assert len(str(raised.value)) < 400 + len(str(tmp_path))


def test_a_wrong_line_of_the_corpus_is_told_when_it_is_come_to(tmp_path: Path) -> None:
    a_beir_set(tmp_path)
    with (tmp_path / "corpus.jsonl").open("ab") as stream:
        stream.write(b"{}\n")
    corpus = read_dataset(tmp_path).corpus
    assert next(corpus).id == "d1"
    with pytest.raises(DatasetError, match=r"corpus.jsonl', line 5 has no _id"):
        list(corpus)


def test_marks_line_ends_numbers_and_halves_of_characters_are_read(tmp_path: Path) -> None:
    a_beir_set(tmp_path)
    (tmp_path / "queries.jsonl").write_bytes(b'\xef\xbb\xbf{"_id": 7, "text": "a\\ud800b"}\r\n\r\n')
    (tmp_path / "qrels.tsv").write_bytes(b"7\t0\td1\t-1\r\n7\t0\td2\t3\r\n")
    dataset = read_dataset(tmp_path)
    assert dataset.queries == {"7": "a?b"}
    assert dataset.relevances == {"7": {"d1": -1, "d2": 3}}


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    a_beir_set(tmp_path)
    with (tmp_path / "queries.jsonl").open("wb") as stream:
        stream.truncate(60_000_000)
    with pytest.raises(DatasetError, match="line 1 is longer than 50 MB"):
        read_dataset(tmp_path)


@settings(max_examples=50, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = a_beir_set(tmp_path_factory.mktemp("set"))
    for name in ("queries.jsonl", "qrels.tsv"):
        (folder / name).write_bytes(data)
        with pytest.raises(DatasetError):
            read_dataset(folder)


@pytest.mark.parametrize("grade", ["1.0", "yes"])
def test_a_first_line_with_a_wrong_grade_is_not_taken_for_a_header(tmp_path: Path, grade: str) -> None:
    a_beir_set(tmp_path)
    (tmp_path / "qrels.tsv").write_text(f"q1\td1\t{grade}\nq2\td2\t1\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="line 1 has a grade that is no whole number"):
        read_dataset(tmp_path)
