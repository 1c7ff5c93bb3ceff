import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tao.settings import cache_dir, data_dir
from tao_servers.knowledge.command import cli
from tests.support.beir_sets import a_beir_set


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(cli, ["eval", "--no-upgrade", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def measured(*arguments: str | Path) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


@pytest.fixture(autouse=True)
def _by_words_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares most of these tests the time to load an embedder for each search."""
    monkeypatch.setenv("TAO_KNOWLEDGE_STAGES", '["keyword"]')


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return a_beir_set(tmp_path / "鞋店")


def test_a_data_set_is_measured_and_its_corpus_kept_in_the_cache(dataset: Path) -> None:
    first = run(dataset)
    assert first.exit_code == 0, first.stderr
    assert first.stdout.startswith("measure")
    assert "鞋店: 4 queries, 4 documents; p50 " in first.stdout
    assert "4 read, 0 changed, 0 unchanged, 0 refused" in first.stderr
    again = measured(dataset)
    assert "4 unchanged" in run(dataset).stderr
    assert again["metrics"]["recall@10"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert set(again["metrics"]) == {
        "ndcg@10", "recall@1", "recall@5", "recall@10", "recall@20", "mrr@10", "hit@1"
    }  # fmt: skip
    assert (again["dataset"], again["documents"], again["queries"]) == ("鞋店", 4, 4)
    assert (again["missing_documents"], again["nothing"], again["ablation"]) == (0, 0, [])
    assert again["store"] == str(cache_dir() / "evals")
    assert not (data_dir() / "knowledge").exists()


def test_a_fresh_one_is_ingested_anew(dataset: Path) -> None:
    run(dataset)
    assert "4 read" in run(dataset, "--fresh").stderr


def test_another_corpus_goes_into_another_collection(dataset: Path, tmp_path: Path) -> None:
    other = a_beir_set(
        tmp_path / "other", corpus={"d1": ("", "皮鞋")}, judged=[("q1", "d1", 1), ("q1", "d2", 1)]
    )
    result = run(other, "--json")
    found = json.loads(result.stdout)
    assert found["collection"] != measured(dataset)["collection"]
    assert found["missing_documents"] == 1
    assert "not in the corpus: 1 document" in result.stderr
    assert found["metrics"]["recall@10"]["mean"] == 0.5


def test_each_stage_in_use_is_compared_and_drawn(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAO_KNOWLEDGE_STAGES", '["rewrite", "dense", "keyword", "rerank", "boost"]')
    plot = tmp_path / "plot.png"
    result = run(dataset, "--limit", "2", "--top-k", "3", "--ablate", "--plot", plot)
    assert result.exit_code == 0, result.stderr
    table = result.stdout.splitlines()[-4:]
    assert table[0].startswith("stages           ndcg@3  95 % interval")
    assert [line.split("  ")[0] for line in table[1:]] == ["all stages", "without dense", "without keyword"]
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_differences_are_in_the_json(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAO_KNOWLEDGE_STAGES", '["keyword", "diversify"]')
    found = measured(dataset, "--ablate")
    assert found["stages"] == ["keyword", "diversify"]
    (row,) = found["ablation"]
    assert (row["name"], row["stages"]) == ("without diversify", ["keyword"])
    assert set(row["differences"]) == set(found["metrics"])


def test_a_collection_of_the_users_is_filled_and_never_mixed(dataset: Path, tmp_path: Path) -> None:
    assert measured(dataset, "--collection", "问答")["store"] == str(data_dir() / "knowledge")
    assert "4 unchanged" in run(dataset, "--collection", "问答").stderr
    other = a_beir_set(tmp_path / "other", corpus={"d1": ("", "皮鞋")})
    mixed = run(other, "--collection", "问答")
    assert mixed.exit_code == 2
    assert "has 3 documents that this corpus does not have, such as 'd2'" in mixed.stderr
    assert run(dataset, "--collection", "问答", "--fresh").exit_code == 2


def test_records_without_text_are_told_and_the_rest_is_measured(tmp_path: Path) -> None:
    folder = a_beir_set(tmp_path, corpus={"d1": ("", " "), "d2": ("凉鞋", "凉鞋的价格是129元。")})
    result = run(folder)
    assert result.exit_code == 0, result.stderr
    assert "Refused d1: there is no text in it." in result.stderr
    nothing = run(a_beir_set(tmp_path, corpus={"d1": ("", "")}))
    assert nothing.exit_code == 1
    assert "is empty" in nothing.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--plot", "plot.pdf"], "--plot takes a file NAME.png"),
        (["--plot", "nowhere/plot.png"], "--plot takes a file NAME.png"),
        (["--split", "train"], "there is no qrels/train.tsv"),
        (["--limit", "0"], "Invalid value"),
    ],
)
def test_wrong_options_are_told_before_anything_is_done(dataset: Path, options: list[str], said: str) -> None:
    result = run(dataset, *options)
    assert (result.exit_code, said in result.stderr) == (2, True), result.stderr
    assert not (cache_dir() / "evals").exists()


def test_what_is_no_data_set_is_told(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.exit_code == 2
    assert "is no data set in the form of BEIR" in result.stderr
    a_beir_set(tmp_path)
    (tmp_path / "corpus.jsonl").write_bytes(b"\xff\xfe\x00")
    broken = run(tmp_path)
    assert broken.exit_code == 2
    assert "corpus.jsonl', line 1 is not UTF-8" in broken.stderr
