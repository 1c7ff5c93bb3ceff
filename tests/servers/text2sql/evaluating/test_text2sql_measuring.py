"""Asking, judging and counting."""

import datetime
from pathlib import Path
from typing import Any

import anyio
import pytest

from tao.errors import ModelError
from tao_servers.text2sql.answering.outcome import Outcome
from tao_servers.text2sql.checking import Problem
from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines import open_engine
from tao_servers.text2sql.errors import QueryFailed, SetupError
from tao_servers.text2sql.evaluating.dataset import Item, read_datasets
from tao_servers.text2sql.evaluating.evaluation import Evaluation
from tao_servers.text2sql.evaluating.referee import Referee
from tao_servers.text2sql.evaluating.report import figures, grouped, wilson
from tao_servers.text2sql.evaluating.run import measure
from tao_servers.text2sql.evaluating.sources import Sources
from tao_servers.text2sql.evaluating.trial import Trial
from tao_servers.text2sql.stopping import Stop
from tests.support.counted_statements import ENDLESS, CountedEngine, Runs
from tests.support.text2sql_sets import ToldAnswerer, a_text2sql_set, an_outcome


@pytest.fixture
def items(tmp_path: Path) -> list[Item]:
    return read_datasets(a_text2sql_set(tmp_path / "zoo_set"))


def _with(tmp_path: Path, **fields: Any) -> Item:
    record = {"id": "q", "db_id": "zoo", "question_en": "?", "gold_sql": ["SELECT 3"]} | fields
    return read_datasets(a_text2sql_set(tmp_path / "own", [record]))[0]


@pytest.mark.parametrize(
    ("sql", "failure"),
    [
        ("SELECT 3", ""),
        ("SELECT count(*) FROM animals;", ""),
        ("SELECT 3.0", ""),
        ("SELECT 4", "other result"),
        ("SELECT 3, 3", "other result"),
        ("SELECT 3 WHERE 0", "empty"),
        ("SELECT NULL", "empty"),
        ("SELECT gone FROM animals", "database error"),
        ("", "empty"),
        ("SELEC", "database error"),
        ("SELECT 3; SELECT 3", "database error"),
        ("DELETE FROM animals", "refused: engine"),
        ("ATTACH ':memory:' AS other", "refused: engine"),
        ("SELECT load_extension('x')", "refused: engine"),
    ],
)
def test_a_statement_is_judged_by_its_rows(tmp_path: Path, sql: str, failure: str) -> None:
    verdict = Referee().judge(_with(tmp_path), sql, Stop())
    assert verdict.failure == failure
    assert bool(verdict.problem) is bool(failure)


def test_any_one_of_several_right_statements_will_do(tmp_path: Path) -> None:
    item = _with(tmp_path, gold_sql=["SELECT 1", "SELECT gone", "SELECT 2"])
    assert Referee().judge(item, "SELECT 2", Stop()).failure == ""
    assert Referee().judge(item, "SELECT 3", Stop()).failure == "other result"


def test_a_result_is_compared_as_a_whole_and_not_as_a_tool_would_cut_it(tmp_path: Path) -> None:
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT i FROM n"
    item = _with(tmp_path, gold_sql=[many.format(3000)])
    referee = Referee()
    assert referee.judge(item, many.format(3000) + " ORDER BY i DESC", Stop()).failure == ""
    assert referee.judge(item, many.format(2999), Stop()).failure == "other result"
    assert "more than 10,000 rows" in referee.judge(item, many.format(30_000), Stop()).problem


def test_questions_without_a_right_statement_that_runs_are_left_out(tmp_path: Path) -> None:
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10001) SELECT i FROM n"
    records = [
        {"id": str(number), "db_id": "zoo", "question_en": "?", "gold_sql": [sql]}
        for number, sql in enumerate(["SELECT 1", "SELECT gone", many, "DROP TABLE animals"])
    ]
    items = read_datasets(a_text2sql_set(tmp_path / "own", records))
    good, bad = Referee().playable(items, Stop())
    assert [item.id for item in good] == ["0"]
    assert [one.item.id for one in bad] == ["1", "2", "3"]
    assert "gone" in bad[0].reason
    assert "more than 10,000 rows" in bad[1].reason
    assert Referee().judge(items[1], "SELECT 1", Stop()).failure == "nothing to compare with"


def test_a_database_that_is_none_leaves_its_questions_out(tmp_path: Path) -> None:
    item = _with(tmp_path)
    item.database.write_bytes(b"no database at all")
    good, bad = Referee().playable([item], Stop())
    assert good == []
    assert "not a SQLite 3 database" in bad[0].reason


async def test_every_question_is_asked_with_its_notes_and_its_day(tmp_path: Path) -> None:
    item = _with(tmp_path, instructions="TAC", as_of="2025-06-17")
    answerer = ToldAnswerer(lambda question: an_outcome(question, "SELECT 3", mends=("a to b",)))
    trials: list[Trial] = []
    await measure([item], lambda database: answerer, Referee(), done=trials.append)
    assert answerer.asked == [("?", "TAC", datetime.date(2025, 6, 17))]
    assert (trials[0].right, trials[0].tokens, trials[0].requests) == (True, 110, 1)
    assert trials[0].as_json()["mends"] == ["a to b"]


async def test_what_did_not_run_is_counted_by_its_reason(items: list[Item]) -> None:
    outcomes = {
        items[0].question: an_outcome("", "SELECT x", problem=Problem("known columns", "There is no x.")),
        items[1].question: an_outcome("", None),
        items[2].question: an_outcome("", "SELECT 1", problem=Problem("database", "It took too long.")),
    }
    trials: list[Trial] = []
    answerer = ToldAnswerer(outcomes.__getitem__)
    await measure(items, lambda database: answerer, Referee(), done=trials.append)
    assert [trial.verdict.failure for trial in trials] == [
        "refused: known columns",
        "nothing written",
        "database error",
    ]
    assert figures(trials).failures == {
        "refused: known columns": 1,
        "nothing written": 1,
        "database error": 1,
    }
    assert trials[0].as_json()["problem"] == "There is no x."


async def test_a_database_that_fails_spoils_one_question_and_a_missing_library_ends_it(
    items: list[Item],
) -> None:
    def says(question: str) -> Outcome:
        if question == items[0].question:
            raise QueryFailed("The connection was lost.")
        raise SetupError("To check SQL: pip install 'tao-agent[text2sql]'")

    trials: list[Trial] = []
    with pytest.raises(SetupError, match="pip install"):
        await measure(items, lambda database: ToldAnswerer(says), Referee(), done=trials.append)
    assert [trial.verdict.problem for trial in trials] == ["The connection was lost."]


def _failing(*failing: int) -> ToldAnswerer:
    count = iter(range(1_000))

    def says(question: str) -> Outcome:
        if (number := next(count)) in failing:
            raise ModelError(f"gone {number}")
        return an_outcome(question, "SELECT 3")

    return ToldAnswerer(says)


async def test_a_question_for_which_the_model_fails_is_lost_and_the_others_are_asked(tmp_path: Path) -> None:
    answerer = _failing(0, 1, 3)
    trials: list[Trial] = []
    await measure([_with(tmp_path)] * 4, lambda database: answerer, Referee(), done=trials.append)
    assert [trial.verdict.failure for trial in trials] == ["model error", "model error", "", "model error"]


async def test_a_model_that_is_gone_ends_the_measuring(tmp_path: Path) -> None:
    answerer = _failing(1, 2, 3, 4, 5)
    trials: list[Trial] = []
    with pytest.raises(ModelError, match="gone 3"):
        await measure([_with(tmp_path)] * 9, lambda database: answerer, Referee(), done=trials.append)
    assert [trial.right for trial in trials] == [True]
    assert len(answerer.asked) == 4


async def test_a_model_that_never_answers_is_told_even_for_a_single_question(tmp_path: Path) -> None:
    answerer = _failing(0)
    trials: list[Trial] = []
    with pytest.raises(ModelError, match="gone 0"):
        await measure([_with(tmp_path)], lambda database: answerer, Referee(), done=trials.append)
    assert trials == []


async def test_at_most_so_many_questions_are_asked_at_a_time(tmp_path: Path) -> None:
    item = _with(tmp_path)
    now = most = 0
    together = anyio.Event()

    class Slow:
        async def answer(
            self, question: str, *, notes: str = "", as_of: datetime.date | None = None
        ) -> Outcome:
            nonlocal now, most
            now += 1
            most = max(most, now)
            if now == 3:
                together.set()
            with anyio.fail_after(5):
                await together.wait()
            now -= 1
            return an_outcome(question, "SELECT 3")

    trials: list[Trial] = []
    await measure([item] * 9, lambda database: Slow(), Referee(), parallel=3, done=trials.append)
    assert (most, len(trials)) == (3, 9)


async def test_a_cancelled_run_stops_the_statement_that_is_judged(tmp_path: Path) -> None:
    item, runs = _with(tmp_path), Runs()
    engine = open_engine(Database("zoo", str(item.database)))
    engine.prove()
    counted: Any = CountedEngine(engine, runs)
    answerer = ToldAnswerer(lambda question: an_outcome(question, ENDLESS))
    trials: list[Trial] = []

    async def measured() -> None:
        await measure(
            [item], lambda database: answerer, Referee({item.database: counted}), done=trials.append
        )

    with anyio.fail_after(120):
        async with anyio.create_task_group() as group:
            group.start_soon(measured)
            assert await runs.reach(1)
            group.cancel_scope.cancel()
        # The run does not wait for its statement, which would otherwise be ended by its time limit.
        assert await runs.end()
    assert runs.failures == ["The query was cancelled."]
    assert trials == []


def test_a_database_is_opened_once(items: list[Item]) -> None:
    with Sources() as sources:
        source = sources.of(items[0].database)
        assert source is sources.of(items[1].database)
        assert source.schema().table("animals") is not None


async def test_figures_are_told_by_set_and_language_and_of_all(items: list[Item]) -> None:
    answerer = ToldAnswerer(lambda question: an_outcome(question, "SELECT 3"))
    trials: list[Trial] = []
    await measure(items, lambda database: answerer, Referee(), done=trials.append)
    assert {name: len(some) for name, some in grouped(trials).items()} == {"zoo_set:en": 2, "zoo_set:zh": 1}
    told = Evaluation(items, [], model="m", trials=trials).as_json()
    assert (told["pooled"]["n"], told["pooled"]["right"], told["pooled"]["ex"]) == (3, 2, 0.6667)
    assert told["sets"]["zoo_set:en"]["failures"] == {"other result": 1}


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (50, 100, 0.4038, 0.5962)],
)
def test_the_interval_of_a_share_is_wilsons(right: int, n: int, low: float, high: float) -> None:
    assert wilson(right, n) == pytest.approx((low, high), abs=1e-4)


def test_figures_of_nothing_are_zero() -> None:
    assert figures([]).as_json() == {
        "n": 0, "right": 0, "ex": 0.0, "ex_interval": [0.0, 1.0], "seconds": 0.0, "tokens": 0.0,
        "written_tokens": 0.0, "requests": 0.0, "mended": 0, "failures": {},
    }  # fmt: skip
