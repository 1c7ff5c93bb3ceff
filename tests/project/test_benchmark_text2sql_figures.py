"""What the text2sql benchmark makes of its trials, and which replies it takes for the same."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from benchmarks.peers.environment import PeerError
from benchmarks.text2sql.bench import Bench
from benchmarks.text2sql.figures import report
from benchmarks.text2sql.keeping import replies_of
from benchmarks.text2sql.measuring import Plan, measure
from benchmarks.text2sql.opening import Endpoint
from benchmarks.text2sql.vanna import Vanna
from tao.models.chat import Usage
from tao.models.openai import OpenAIChat
from tao.settings import ModelSettings
from tao_prompts.language import Language
from tao_servers.text2sql.answering.answerer import Answerer
from tao_servers.text2sql.answering.options import Options
from tao_servers.text2sql.evaluating.dataset import Item, read_datasets
from tao_servers.text2sql.evaluating.referee import Referee, Verdict
from tao_servers.text2sql.evaluating.sources import Sources
from tao_servers.text2sql.evaluating.trial import Trial, lost
from tests.support.scripted_sql import SqlModel
from tests.support.text2sql_sets import a_text2sql_set

_ZOO = Path("zoo.sqlite")


def _trial(id_: str, *, right: bool, gold: str, language: Language = "en", database: Path = _ZOO) -> Trial:
    item = Item("zoo_set", id_, language, "?", database, (gold,))
    verdict = Verdict() if right else Verdict("other result", "4")
    return Trial(item, verdict, seconds=2.0, usage=Usage(90, 10), requests=1)


async def test_a_peer_that_stops_half_way_stands_beside_the_sets_that_it_went_through_and_not_beside_all(
    tmp_path: Path,
) -> None:
    items = read_datasets(a_text2sql_set(tmp_path / "zoo_set"))

    def answers(cases: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        if any(case["question"] == "有多少只动物？" for case in cases):
            raise PeerError("did not answer within ten minutes")
        return [{"sql": "SELECT 3", "seconds": 1.0} for _ in cases]

    peer = Vanna("m", "http://127.0.0.1:9/v1", "", None, Referee(), answers)
    said: list[str] = []
    with Sources() as sources:
        model = SqlModel(lambda request: "SELECT 3")
        bench: Bench[Options] = Bench(
            model,
            replies_of(_endpoint("m", 1), ModelSettings(), anyio.Semaphore(1), None),
            sources,
            Answerer,
            lambda name, trial: None,
            said.append,
        )
        found = await measure(Plan(items, Options(candidates=1, repairs=0), vanna=peer), bench)
    assert {name: set(one["ex"]) for name, one in found["sets"].items()} == {
        "zoo_set:en": {"plain", "tao", "vanna"},
        "zoo_set:zh": {"plain", "tao"},
    }
    assert found["pooled"]["n"] == 3
    assert set(found["pooled"]["ex"]) == set(found["pooled"]["seconds"]) == {"plain", "tao"}
    assert set(found["pooled"]["difference"]) == {"tao-plain"}
    assert found["vanna"] == {"error": "did not answer within ten minutes"}
    assert "vanna: did not answer within ten minutes" in said


def test_a_way_that_lacks_a_question_in_the_middle_of_a_set_is_left_out_of_it() -> None:
    both = [_trial("1", right=True, gold="SELECT 1"), _trial("2", right=False, gold="SELECT 2")]
    found = report({"plain": both, "tao": both, "vanna": both[:1]})["sets"]["zoo_set:en"]
    assert (found["n"], set(found["ex"])) == (2, {"plain", "tao"})


def test_what_an_answer_takes_is_the_mean_of_the_questions_that_were_answered() -> None:
    answered = [_trial("1", right=True, gold="SELECT 1"), _trial("2", right=False, gold="SELECT 2")]
    gone = lost(_trial("3", right=False, gold="SELECT 3").item, "Timeout", 600.0)
    found = report({"tao": [*answered, gone]})["pooled"]
    assert found["ex"]["tao"] == pytest.approx(1 / 3, abs=1e-4)
    costs = {part: found[part]["tao"] for part in ("seconds", "tokens", "written_tokens", "requests")}
    assert costs == {"seconds": 2.0, "tokens": 100.0, "written_tokens": 10.0, "requests": 1.0}


def _difference(tao: list[Trial]) -> dict[str, Any]:
    plain = [replace(trial, verdict=Verdict("other result")) for trial in tao]
    difference: dict[str, Any] = report({"tao": tao, "plain": plain})["pooled"]["difference"]["tao-plain"]
    return difference


def _pairs(golds: Sequence[str], databases: Sequence[Path]) -> list[Trial]:
    """Forty questions in two languages; the first half is answered right in both."""
    languages: tuple[Language, ...] = ("en", "zh")
    return [
        _trial(str(n), right=n < 20, gold=golds[2 * n + i], language=languages[i], database=databases[n])
        for n in range(40)
        for i in range(2)
    ]


def test_questions_with_the_same_right_statement_make_an_interval_no_narrower() -> None:
    one_file = [_ZOO] * 40
    apart = _difference(_pairs([f"SELECT {n}" for n in range(80)], one_file))
    shared = _difference(_pairs([f"SELECT {n // 2}" for n in range(80)], one_file))
    assert (apart["n"], apart["mean"]) == (shared["n"], shared["mean"]) == (80, 0.5)
    widths = [one["high"] - one["low"] for one in (apart, shared)]
    # Pairs that agree count as one: the interval is wider by the root of two.
    assert widths[1] / widths[0] == pytest.approx(2**0.5, rel=0.15)


def test_the_same_words_about_two_databases_are_two_right_statements() -> None:
    alike = ["SELECT count(*) FROM t"] * 80
    files = [Path(f"{n}.sqlite") for n in range(40)]
    assert _difference(_pairs(alike, [_ZOO] * 40)) == {"n": 80, "mean": 0.5, "low": 0.5, "high": 0.5}
    apart = _difference(_pairs(alike, files))
    assert apart["low"] < 0.45 < 0.55 < apart["high"]


def _endpoint(name: str, slots: int) -> Endpoint:
    settings = ModelSettings(base_url="http://127.0.0.1:9/v1", name=name)
    return Endpoint(OpenAIChat.from_settings(settings), name, "http://127.0.0.1:9/v1", "", slots)


def _depends_on(settings: ModelSettings, name: str, slots: int = 1) -> Mapping[str, Any]:
    return replies_of(_endpoint(name, slots), settings, anyio.Semaphore(slots), None).depends_on


def test_two_models_served_at_one_address_share_no_replies() -> None:
    settings = ModelSettings(base_url="http://127.0.0.1:9/v1")
    assert _depends_on(settings, "a") != _depends_on(settings, "b")
    assert _depends_on(settings, "a") == _depends_on(settings.model_copy(update={"name": "a"}), "a")


def test_replies_taken_several_at_once_are_not_those_taken_one_by_one() -> None:
    settings = ModelSettings(base_url="http://127.0.0.1:9/v1", name="a")
    assert _depends_on(settings, "a", 4) != _depends_on(settings, "a", 1)
    assert _depends_on(settings, "a", 4) != _depends_on(settings, "a", 2)
    assert _depends_on(ModelSettings(name="local"), "q", 4) != _depends_on(ModelSettings(name="local"), "q")


def test_replies_of_the_embedded_model_are_found_again_whatever_its_process_is_called() -> None:
    # Days of work lie in replies that were kept with this: it must not change.
    assert _depends_on(ModelSettings(name="local"), "qwen-of-the-process") == {
        "name": "local",
        "base_url": None,
        "temperature": 0.0,
        "max_tokens": 1024,
        "extra_body": {},
    }
