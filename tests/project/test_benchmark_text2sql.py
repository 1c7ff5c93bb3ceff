"""The text2sql benchmark, on a small set, with a scripted model and an answerer that is told what to say."""

import datetime
import json
import sqlite3
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from click.testing import CliRunner

from benchmarks.model_cache import CachedModel, Kept, Replies
from benchmarks.peers.environment import PeerError
from benchmarks.text2sql.__main__ import main
from benchmarks.text2sql.ablation import STAGES, variants
from benchmarks.text2sql.bench import Bench, by_set
from benchmarks.text2sql.figures import table
from benchmarks.text2sql.measuring import Plan, measure
from benchmarks.text2sql.plain import plain_prompt, statement
from benchmarks.text2sql.vanna import Vanna
from tao.errors import ModelError
from tao.models.chat import ChatModel, ChatRequest, Completion, Delta, Message, Usage
from tao_servers.text2sql.answering.options import Options as AnswererOptions
from tao_servers.text2sql.answering.outcome import Outcome
from tao_servers.text2sql.evaluating.dataset import Item, read_datasets
from tao_servers.text2sql.evaluating.referee import Referee
from tao_servers.text2sql.evaluating.sources import Sources
from tao_servers.text2sql.evaluating.trial import Trial
from tao_servers.text2sql.source import Source
from tests.support.scripted import ScriptedModel
from tests.support.text2sql_sets import a_text2sql_set, an_outcome


@dataclass(frozen=True)
class Options:
    """Options as the answerer has them."""

    candidates: int = 3
    mend: bool = True
    repairs: int = 1
    judge: bool = False
    illustrations: bool = True
    hints: bool = True
    early: bool = True


class Writer:
    """An answerer that asks the model once and takes its reply for the statement."""

    def __init__(self, source: Source, model: ChatModel, options: Options) -> None:
        self._model = model
        self._options = options

    async def answer(self, question: str, *, notes: str = "", as_of: datetime.date | None = None) -> Outcome:
        request = ChatRequest([Message("user", f"{question} {self._options.mend}")], temperature=0.5)
        completion = await _whole(self._model, request)
        return an_outcome(question, completion.text)


async def _whole(model: ChatModel, request: ChatRequest) -> Completion:
    async with aclosing(model.stream(request)) as stream:
        *_, last = [piece async for piece in stream]
    assert isinstance(last, Completion)
    return last


def _bench(
    model: ChatModel, sources: Sources, told: list[tuple[str, Trial]], folder: Path | None = None
) -> Bench[Options]:
    def tell(name: str, trial: Trial) -> None:
        told.append((name, trial))

    return Bench(model, Replies(folder, {}), sources, Writer, tell, lambda text: None)


@pytest.fixture
def items(tmp_path: Path) -> list[Item]:
    return [item for item in read_datasets(a_text2sql_set(tmp_path / "zoo_set")) if item.language == "en"]


async def test_both_ways_are_asked_the_same_questions_and_compared(items: list[Item]) -> None:
    model = ScriptedModel(
        "```sql\nSELECT count(*) FROM animals;\n```", "SELECT gone", "SELECT 3", "SELECT name FROM animals"
    )
    told: list[tuple[str, Trial]] = []
    with Sources() as sources:
        found = await measure(Plan(items, Options()), _bench(model, sources, told))
    assert [(name, trial.right) for name, trial in told] == [
        ("plain", True), ("plain", False), ("tao", True), ("tao", False)
    ]  # fmt: skip
    assert list(found["sets"]) == ["zoo_set:en"]
    one = found["sets"]["zoo_set:en"]
    assert (one["n"], one["ex"]) == (2, {"plain": 0.5, "tao": 0.5})
    assert one["failures"] == {"plain": {"database error": 1}, "tao": {"other result": 1}}
    assert set(one["seconds"]) == set(one["tokens"]) == {"plain", "tao"}
    assert found["pooled"]["difference"]["tao-plain"] == {"n": 2, "mean": 0.0, "low": 0.0, "high": 0.0}
    assert found["ablation"] == {}
    assert len(table(found)) == 5
    json.dumps(found)


async def test_each_stage_is_compared_with_the_default_on_the_same_questions(
    items: list[Item], tmp_path: Path
) -> None:
    model = ScriptedModel("SELECT 3", "SELECT 3", "SELECT 3", "SELECT 3", "SELECT 4", "SELECT 4")
    with Sources() as sources:
        bench = _bench(model, sources, [], tmp_path / "replies")
        found = await measure(Plan(items, Options(), ("mend", "repairs")), bench)
    assert set(found["ablation"]) == {"mend=off", "repairs=0"}
    worse, same = found["ablation"]["mend=off"], found["ablation"]["repairs=0"]
    assert (worse["ex"], worse["difference"]["mean"]) == (0.0, -0.5)
    assert (same["ex"], same["difference"]["mean"]) == (0.5, 0.0)
    assert worse["sets"] == {"zoo_set:en": 0.0}
    # What a stage asks that was asked before comes from the disk.
    assert len(model.requests) == 6
    assert len(table(found)) == 7


def test_what_is_on_goes_off_and_what_is_off_comes_on() -> None:
    made = {one.name: one.options for one in variants(Options(), STAGES)}
    assert made == {
        "candidates=1": Options(candidates=1),
        "mend=off": Options(mend=False),
        "repairs=0": Options(repairs=0),
        "judge=on": Options(judge=True),
        "illustrations=off": Options(illustrations=False),
        "hints=off": Options(hints=False),
        "early=off": Options(early=False),
    }
    assert [one.name for one in variants(Options(candidates=1, repairs=0), STAGES)][:3] == [
        "candidates=3", "mend=off", "repairs=1"
    ]  # fmt: skip


def test_every_stage_of_the_ablation_is_one_that_the_answerer_has() -> None:
    default = AnswererOptions()
    assert all(hasattr(default, stage) for stage in STAGES)
    made = [one.options for one in variants(default, STAGES)]
    assert len(made) == len(STAGES)
    assert all(sum(getattr(one, stage) != getattr(default, stage) for stage in STAGES) == 1 for one in made)


def test_questions_are_asked_by_set_and_language(tmp_path: Path) -> None:
    items = read_datasets(a_text2sql_set(tmp_path / "zoo_set"))
    others = [replace(item, set="other_set") for item in items]
    mixed = [item for pair in zip(items, others, strict=True) for item in pair]
    groups = by_set(mixed)
    assert [[item.group for item in group] for group in groups] == [
        [name] * count
        for name, count in [("zoo_set:en", 2), ("other_set:en", 2), ("zoo_set:zh", 1), ("other_set:zh", 1)]
    ]
    assert sorted(map(id, mixed)) == sorted(id(item) for group in groups for item in group)
    assert by_set([]) == []


async def test_a_question_that_a_model_cannot_take_is_lost_and_one_that_is_gone_ends_it(
    items: list[Item],
) -> None:
    told: list[tuple[str, Trial]] = []
    with Sources() as sources:
        lost = await _bench(ScriptedModel(ModelError("Too long."), "SELECT 3"), sources, told).plain(items)
        assert [trial.verdict.failure for trial in lost] == ["model error", "other result"]
        gone = _bench(ScriptedModel(*[ModelError("Gone.")] * 5), sources, told)
        with pytest.raises(ModelError, match="Gone"):
            await gone.plain(items * 3)


async def test_vanna_is_asked_the_same_with_the_statements_that_made_the_tables(
    items: list[Item], tmp_path: Path
) -> None:
    asked: list[Mapping[str, Any]] = []

    def answers(cases: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        asked.extend(cases)
        good = {"sql": "SELECT 3", "seconds": 2.5, "prompt_tokens": 90, "completion_tokens": 4}
        bad = {"error": "Timeout"}
        return [dict(good if case["question"] == items[0].question else bad) for case in cases]

    peer = Vanna("m", "http://127.0.0.1:9/v1", "key", tmp_path / "kept", Referee(), answers)
    with Sources() as sources:
        plan = Plan(items, Options(), vanna=peer)
        found = await measure(plan, _bench(ScriptedModel(*["SELECT 3"] * 4), sources, []))
        await measure(plan, _bench(ScriptedModel(*["SELECT 3"] * 4), sources, []))
    assert found["pooled"]["ex"]["vanna"] == 0.5
    assert found["pooled"]["failures"]["vanna"] == {"peer error": 1}
    assert (found["pooled"]["seconds"]["vanna"], found["pooled"]["tokens"]["vanna"]) == (2.5, 94.0)
    assert "vanna" not in found
    assert [case["question"] for case in asked[:2]] == [item.question for item in items]
    assert asked[0]["ddl"] == [
        "CREATE TABLE animals (id INTEGER PRIMARY KEY, name TEXT, kind TEXT, kilos REAL)"
    ]
    # What it answered is not asked again; where it failed it is.
    assert [case["question"] for case in asked[2:]] == [items[1].question]
    kept = _json_files(tmp_path / "kept")
    assert [json.loads(path.read_text(encoding="utf-8"))["sql"] for path in kept] == ["SELECT 3"]


async def test_without_its_packages_vanna_is_an_error_in_the_figures(items: list[Item]) -> None:
    def answers(cases: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        raise PeerError("not installable: no network")

    peer = Vanna("m", "http://127.0.0.1:9/v1", "", None, Referee(), answers)
    with Sources() as sources:
        bench = _bench(ScriptedModel(*["SELECT 3"] * 4), sources, [])
        found = await measure(Plan(items, Options(), vanna=peer), bench)
    assert found["vanna"] == {"error": "not installable: no network"}
    assert set(found["pooled"]["ex"]) == {"plain", "tao"}


def test_the_plain_prompt_has_every_table_with_two_rows_and_what_is_told(items: list[Item]) -> None:
    item = replace(items[0], notes="A lion is a cat.", as_of=datetime.date(2025, 6, 17))
    prompt = plain_prompt(item)
    assert "CREATE TABLE animals (id INTEGER PRIMARY KEY, name TEXT, kind TEXT, kilos REAL);" in prompt
    assert "1\tAda\tlion\t180.5\n2\tBo\tlion\t190.0\n*/" in prompt
    assert "小红" not in prompt
    assert "A lion is a cat.\nToday is 2025-06-17.\nQuestion: How many animals are there?" in prompt


def test_the_plain_prompt_stands_odd_tables(tmp_path: Path) -> None:
    path = tmp_path / "odd.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            '''
            CREATE TABLE "订单 ""x""" (a TEXT, b BLOB);
            CREATE TABLE none_yet (a);
            INSERT INTO "订单 ""x""" VALUES (cast(x'ff41' AS TEXT), x'00');
            INSERT INTO "订单 ""x""" VALUES ('a\nb' || hex(zeroblob(500)), NULL);
            '''
        )
    prompt = plain_prompt(Item("s", "q", "zh", "$5 是多少？", path, ("SELECT 1",)))
    assert "\ufffdA\tb'\\x00'\na b0000" in prompt
    assert len(prompt) < 600
    assert "$5 是多少？" in prompt


@pytest.mark.parametrize(
    ("reply", "sql"),
    [
        ("SELECT 1", "SELECT 1"),
        ("  SELECT 1;  \n", "SELECT 1;"),
        ("SELECT 1; SELECT 2;", "SELECT 1;"),
        ("SELECT ';' AS a; DROP TABLE t", "SELECT ';' AS a;"),
        ("Here it is:\n```sql\nSELECT 1\n```\nIt counts.", "SELECT 1"),
        ("```\nSELECT 1", "SELECT 1"),
        ("", ""),
        ("不知道", "不知道"),
        (";" * 1000, ";"),
    ],
)
def test_the_first_statement_of_a_reply_is_taken(reply: str, sql: str) -> None:
    assert statement(reply) == sql


def _json_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.json"))


class _Timed:
    """A model whose replies take the seconds that they say."""

    name = "timed"

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta | Completion, None]:
        yield Completion("x", usage=Usage(1, 1), seconds=float(request.messages[0].content))


def _asked(seconds: float) -> ChatRequest:
    return ChatRequest([Message("user", str(seconds))])


async def test_replies_of_the_same_time_are_counted_once_also_when_they_come_from_the_disk(
    tmp_path: Path,
) -> None:
    replies = Replies(tmp_path, {}, anyio.Semaphore(2))
    for _ in range(2):
        model = CachedModel(_Timed(), replies)
        async with anyio.create_task_group() as group:
            for seconds in (1000.0, 400.0):
                group.start_soon(_whole, model, _asked(seconds))
        # Both ended just now: the shorter one lies in the time of the longer one.
        assert model.seconds == 1400.0
        assert model.elapsed == pytest.approx(1000.0, abs=60)
        assert 0 < model.waited < 60


async def test_replies_kept_without_their_time_are_added_up(tmp_path: Path) -> None:
    replies = Replies(tmp_path, {})
    for seconds in (3.0, 4.0):
        replies.keep(replies.key(_asked(seconds), 0), Kept(Completion("x", seconds=seconds)))
    for path in _json_files(tmp_path):
        value = json.loads(path.read_text(encoding="utf-8"))
        del value["began"]
        path.write_text(json.dumps(value), encoding="utf-8")
    model = CachedModel(_Timed(), replies)
    for seconds in (3.0, 4.0):
        await _whole(model, _asked(seconds))
    assert (model.seconds, model.elapsed) == (7.0, 7.0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "no folder in it has one"),
        (["--stages", "magic"], "no stage 'magic'"),
        (["--peers", "others"], "Invalid value"),
        (["--limit", "0"], "Invalid value"),
    ],
)
def test_wrong_options_of_the_text2sql_benchmark_are_told(
    tmp_path: Path, options: list[str], said: str
) -> None:
    done = CliRunner().invoke(main, ["--data", str(tmp_path), *options])
    assert done.exit_code in {1, 2}
    assert said in done.output
