"""The parts of the retrieval benchmark that need neither a server nor a model."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.retrieval.__main__ import main
from benchmarks.retrieval.bm25 import PlainBM25
from benchmarks.retrieval.figures import columns, quality, refused, times, together
from benchmarks.retrieval.records import Corpus, without
from benchmarks.retrieval.sets import baseline, language, left_out, questions, read_sets, sampled, strangers
from tao_servers.knowledge.document import Chunk
from tao_servers.knowledge.loading.options import Options
from tao_servers.knowledge.loading.records import read
from tao_servers.knowledge.splitting import Sizes, split

_ROWS = [
    {"_id": "hotel", "title": "Grand Hotel", "text": "Breakfast is at seven.\nDinner is at eight."},
    {"_id": "年假", "title": "", "text": "工作满一年的员工每年有五天年假。" * 40},
    {"_id": "train", "title": "Night train", "text": "It leaves at ten. " * 80},
    {"_id": "shoes", "title": "皮鞋", "text": "699元"},
]


def _corpus(rows: list[dict[str, str]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _chunks(data: bytes, tokens: int) -> list[Chunk]:
    document = read(data, name="corpus.jsonl", options=Options())
    return split(document, sizes=Sizes(tokens=tokens, count=len))


def _set(folder: Path, queries: Mapping[str, str], readme: str = "") -> None:
    folder.mkdir(parents=True)
    (folder / "corpus.jsonl").write_bytes(_corpus([{"_id": "d1", "title": "", "text": "text"}]))
    rows = [json.dumps({"_id": id_, "text": text}, ensure_ascii=False) for id_, text in queries.items()]
    (folder / "queries.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    judged = [f"{id_}\td1\t1" for id_ in queries]
    (folder / "qrels.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *judged]), encoding="utf-8")
    (folder / "README.md").write_text(readme, encoding="utf-8")


@pytest.mark.parametrize("tokens", [20, 60, 200])
def test_every_passage_of_a_long_record_leads_back_to_it(tokens: int) -> None:
    data = _corpus(_ROWS)
    corpus = Corpus(data)
    chunks = _chunks(data, tokens)
    assert len(chunks) > len(_ROWS)
    for chunk in chunks:
        text = corpus.texts[corpus.record(chunk.line)] + f"\n_id: {corpus.record(chunk.line)}"
        assert chunk.text.strip().splitlines()[0] in text
        assert corpus.agrees({"line": chunk.line, "text": chunk.text})
    assert {corpus.record(chunk.line) for chunk in chunks} == {row["_id"] for row in _ROWS}


def test_a_passage_whose_line_names_another_record_is_noticed() -> None:
    corpus = Corpus(_corpus(_ROWS))
    assert corpus.agrees({"line": 1, "text": "…Dinner is at eight.…"})
    assert not corpus.agrees({"line": 1, "text": "It leaves at ten. It leaves at ten."})


def test_a_record_counts_once_at_its_best_rank() -> None:
    corpus = Corpus(_corpus(_ROWS))
    lines = {corpus.record(chunk.line): chunk.line for chunk in _chunks(corpus.data, 200)}
    passages = [{"line": lines[id_]} for id_ in ("train", "hotel", "train", "shoes")]
    assert corpus.ranked(passages) == ["train", "hotel", "shoes"]


_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), min_size=1, max_size=30)


@given(st.lists(st.tuples(_TEXTS, st.lists(_TEXTS, min_size=1, max_size=4)), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_records_of_any_text_are_told_apart(rows: list[tuple[str, list[str]]]) -> None:
    made = [
        {"_id": f"r{number}", "title": title, "text": "\n".join(lines)}
        for number, (title, lines) in enumerate(rows)
    ]
    data = _corpus(made)
    corpus = Corpus(data)
    document = read(data, name="corpus.jsonl", options=Options())
    for start, line in zip(document.parts, document.part_lines, strict=True):
        told = made[int(corpus.record(line)[1:])]
        begins = "".join(f"{told['title']}{told['text']}".split())
        assert "".join(document.text[start:].split()).startswith(begins)


def test_a_corpus_less_some_records_has_all_others() -> None:
    rest = Corpus(without(_corpus(_ROWS), {"年假", "shoes"}))
    assert list(rest.texts) == ["hotel", "train"]


def test_the_plain_bm25_finds_pairs_of_characters_and_words_in_any_case() -> None:
    index = PlainBM25({row["_id"]: f"{row['title']}\n{row['text']}" for row in _ROWS})
    assert index.search("公司年假")[0] == "年假"
    assert index.search("NIGHT")[:1] == ["train"]
    assert index.search("猫") == []
    assert index.search("") == []


def test_a_term_that_is_asked_twice_counts_once() -> None:
    index = PlainBM25({"a": "common common common", "b": "rare", "c": "common", "d": "common"})
    assert index.search("common common common common rare")[0] == "b"


def test_figures_stand_by_metric_and_column_with_their_intervals() -> None:
    relevances = {"q1": {"a": 1}, "q2": {"b": 1, "c": 1}}
    found = {"default": quality({"q1": ["a"], "q2": ["x", "b"]}, relevances)}
    figures = columns(found)
    assert figures["hit1"] == {"default": 0.5}
    assert figures["recall10"] == {"default": 0.75}
    low, high = figures["ndcg10_interval"]["default"]
    assert low <= figures["ndcg10"]["default"] <= high
    assert json.loads(json.dumps(figures)) == figures


def test_only_the_questions_that_were_asked_count() -> None:
    assert quality({"q1": ["a"]}, {"q1": {"a": 1}, "q2": {"b": 1}})["ndcg10"] == (1.0, 1.0, 1.0)


def test_shares_of_sets_are_joined_by_their_questions() -> None:
    parts = [refused([0, 0, 3]), refused([5])]
    assert parts[0] == {"n": 3, "refused": 2, "share": 0.6667}
    assert together(parts) == {"n": 4, "refused": 2, "share": 0.5}
    assert together([]) == {"n": 0, "refused": 0, "share": None}


def test_times_are_the_median_and_the_95th_percentile() -> None:
    assert times([float(n) for n in range(1, 101)]) == {"p50_ms": 50.0, "p95_ms": 95.0}


def test_a_sample_is_the_same_each_time_and_in_the_order_of_the_set() -> None:
    asked = {f"q{number}": str(number) for number in range(50)}
    chosen = sampled(asked, 10, seed="a")
    assert chosen == sampled(asked, 10, seed="a")
    assert chosen != sampled(asked, 10, seed="b")
    assert list(chosen) == [id_ for id_ in asked if id_ in chosen]
    assert sampled(asked, None, seed="a") == sampled(asked, 99, seed="a") == asked


def test_questions_that_nothing_answers_are_of_other_families_and_in_the_same_language(
    tmp_path: Path,
) -> None:
    _set(tmp_path / "one_zh", {"a1": "年假有几天？", "a2": "皮鞋多少钱？"})
    _set(tmp_path / "one_zh_again", {"b1": "同一批段落？"})
    _set(tmp_path / "two_zh", {"c1": "火车几点开？", "c2": "早饭几点？", "c3": "晚饭几点？"})
    _set(tmp_path / "three", {"d1": "When does it leave?", "d2": "哪一天？"})
    sets = read_sets(tmp_path)
    found = strangers("one_zh", sets, 3)
    assert len(found) == 3
    assert found["three/d2"] == "哪一天？"
    assert all(id_.startswith(("two_zh/", "three/")) for id_ in found)
    assert strangers("three", {"three": sets["three"]}, 3) == {}


def test_a_question_is_chinese_by_any_han_character_and_a_set_by_most_questions() -> None:
    assert language(["iPhone 多少钱"]) == "zh"
    assert language(["How much?", "多少", "Why?"]) == "en"
    assert language([]) == "en"


def test_folders_that_are_no_sets_are_told(tmp_path: Path) -> None:
    _set(tmp_path / "one", {"a": "x"}, "- dev: 1 passages; plain BM25 (k1=.9): nDCG@10 0.9855, R@10 1\n")
    _set(tmp_path / "two", {"a": "x"})
    (tmp_path / "answers").mkdir()
    sets = read_sets(tmp_path)
    assert (list(sets), left_out(tmp_path)) == (["one", "two"], ["answers"])
    assert (baseline(sets["one"]), baseline(sets["two"])) == (0.9855, None)


def test_questions_without_anything_relevant_are_not_asked(tmp_path: Path) -> None:
    _set(tmp_path / "one", {"a": "x", "b": "y"})
    (tmp_path / "one" / "qrels.tsv").write_text("q\td\ts\na\td1\t1\nb\td1\t0\n", encoding="utf-8")
    assert questions(read_sets(tmp_path)["one"]) == {"a": "x"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--sets", "nine"], "no set is called 'nine'; there are one"),
        (["--peers", "nine"], "no peer is called 'nine'; there are bm25, knowledge-rag"),
    ],
)
def test_unknown_names_are_refused_with_those_there_are(
    tmp_path: Path, options: list[str], said: str
) -> None:
    _set(tmp_path / "one", {"a": "x"})
    done = CliRunner().invoke(main, ["--data", str(tmp_path), *options])
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())


def test_a_folder_without_sets_and_a_damaged_set_are_refused(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    done = CliRunner().invoke(main, ["--data", str(tmp_path / "none")])
    assert done.exit_code == 2
    assert "there is no set" in done.output
    _set(tmp_path / "sets" / "one", {"a": "x"})
    (tmp_path / "sets" / "one" / "qrels.tsv").write_bytes(b"\xff\xfe\x00binary")
    done = CliRunner().invoke(main, ["--data", str(tmp_path / "sets")])
    assert done.exit_code == 1
    assert "qrels.tsv" in done.output
