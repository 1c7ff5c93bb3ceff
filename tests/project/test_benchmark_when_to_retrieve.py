"""The parts of the benchmark of deciding when to retrieve that need no model."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.conversations import Turn
from benchmarks.model_cache import Replies
from benchmarks.when_to_retrieve.__main__ import main, measure
from benchmarks.when_to_retrieve.matching import overlap, says_not_found, stands_in, words
from benchmarks.when_to_retrieve.modes import MODES, SEARCH, Bench
from benchmarks.when_to_retrieve.outcomes import Attempt, Outcome, Retrieval, judged, report
from benchmarks.when_to_retrieve.questions import Kind, Question, passages, questions
from tao.dialects import SchemaDialect
from tao.errors import ModelError
from tao.settings import AgentSettings
from tao.toolbox import ToolResult
from tests.support.scripted import ScriptedModel, ScriptedToolbox, tool

_OSLO = Question("Of what is Oslo the capital?", "answerable", "en", ("Norway",))
_FOUND = "[1] Oslo is the capital of Norway. (oslo.txt:1)"
_FINISH = '{"thought": "There.", "actions": [{"tool": "finish", "arguments": {"answer": "Norway."}}]}'


def _search(query: str) -> str:
    call = {"tool": SEARCH, "arguments": {"query": query}}
    return json.dumps({"thought": "Look.", "actions": [call]})


def _bench(folder: Path, *replies: str | Exception, gives: str = _FOUND) -> tuple[Bench, ScriptedToolbox]:
    async def search(arguments: Mapping[str, Any]) -> ToolResult:
        return ToolResult(gives if "Oslo" in arguments["query"] else "Nothing relevant was found.")

    box = ScriptedToolbox((tool(SEARCH, "query"), search))
    model = ScriptedModel(*replies)
    return Bench(model, Replies(None, {}), box, [SchemaDialect()], AgentSettings(), 3000, folder), box


async def _measured(bench: Bench, *modes: str, of: Question = _OSLO) -> list[Outcome]:
    outcomes = await measure(modes, [of], bench, lambda text: None)
    return [one for found in outcomes.values() for one in found]


@pytest.mark.parametrize(
    ("gold", "text", "stands"),
    [
        ("11.42亿元", "一共投资１１．４２亿元。", True),
        ("林龙松", "凌云原名林龙松", True),
        ("1997年", "是 1997 年加入的", True),
        ("97年", "是 1997 年加入的", False),
        ("《人象石柱》", "第一部诗集是人象石柱", True),
        ("Teen Titans Go!", "It was teen titans go.", True),
        ("the Roman", "the Roman Empire", True),
        ("Roman", "Romania", False),
        ("1,988", "in 1988", True),
        ("...", "anything", False),
        ("Oslo", "", False),
    ],
)
def test_a_right_answer_stands_in_a_text_word_for_word(gold: str, text: str, stands: bool) -> None:
    assert stands_in(["never", gold], text) is stands


def test_the_overlap_counts_chinese_characters_and_other_words() -> None:
    assert overlap(["意大利"], "意大利") == 1.0
    assert overlap(["意大利"], "在意大利。") == pytest.approx(6 / 7)
    assert overlap(["Virginia", "the colony of Virginia"], "Colony of Virginia") == 1.0
    assert overlap(["Virginia"], "") == 0.0


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_can_be_matched_with_any_other(gold: str, text: str) -> None:
    assert 0.0 <= overlap([gold], text) <= 1.0
    assert stands_in([text], text) == bool(words(text))
    assert says_not_found(text) in {True, False}


@pytest.mark.parametrize(
    "text",
    [
        "没有查到。",
        "资料里没有，或换一种说法再查。",
        "[1] The documents do not have it.",
        "资料里没有提到黑豹队。",
        "抱歉，我无法回答这个问题。",
        "相关材料中并未提供该信息",
        "这个问题的答案我不知道。",
        "It was not found.",
        "The documents don’t mention it.",
        "I couldn't find anything about it.",
        "There is no information about the Panthers.",
        "Nothing relevant was found in the documents.",
        "I do not know.",
        "",
    ],
)
def test_an_honest_answer_is_told(text: str) -> None:
    assert says_not_found(text)


@pytest.mark.parametrize(
    "text", ["黑豹队丢了 308 分。", "答案是朵拉。", "The Panthers surrendered 308 points.", "No. It is 5."]
)
def test_a_confident_answer_is_told(text: str) -> None:
    assert not says_not_found(text)


@pytest.mark.parametrize(
    ("kind", "text", "verdict", "well"),
    [
        ("answerable", "Norway.", "right", True),
        ("answerable", "Sweden.", "wrong", False),
        ("answerable", "I do not know.", "not_found", False),
        ("absent", "Norway.", "right", True),
        ("absent", "Nothing about Norway was found.", "not_found", True),
        ("absent", "Sweden.", "wrong", False),
    ],
)
def test_what_an_answer_is_worth_depends_on_the_kind_of_question(
    kind: Kind, text: str, verdict: str, well: bool
) -> None:
    done = judged(Question("?", kind, "en", ("Norway",)), Attempt(text, "finish"))
    assert (done.verdict, done.well) == (verdict, well)


def test_an_error_and_a_failed_check_are_wrong() -> None:
    assert judged(_OSLO, Attempt("(Norway)", "error")).verdict == "wrong"
    sums = Question("1 + 1?", "no_need", "en", check=Turn(question="1 + 1?", all=("2",)))
    verdicts = [judged(sums, Attempt(text, "finish")).verdict for text in ("2.", "3.", "Not found.")]
    assert verdicts == ["right", "wrong", "not_found"]


async def test_deciding_runs_the_agent_and_tells_every_search(tmp_path: Path) -> None:
    bench, _ = _bench(tmp_path, _search("capital"), _search("Oslo"), _search("Oslo city"), _FINISH)
    [done] = await _measured(bench, "decide")
    assert done.verdict == "right"
    assert [(one.query, one.evidence) for one in done.attempt.retrievals] == [
        ("capital", False),
        ("Oslo", True),
        ("Oslo city", True),
    ]
    found = report({"decide": [done]})["decide"]["kinds"]["answerable"]
    assert (found["retrieved"], found["retrievals"], found["again"]) == (1.0, 3, 1.0)
    assert (found["evidence"], found["read"], found["after_evidence"]) == (1.0, 1.0, 1)
    assert found["tokens"] == done.attempt.tokens > 400


async def test_always_puts_what_the_search_gives_for_the_question_into_one_prompt(tmp_path: Path) -> None:
    bench, box = _bench(tmp_path, "Norway.")
    [done] = await _measured(bench, "always")
    assert done.verdict == "right"
    assert box.calls == [(SEARCH, {"query": _OSLO.text})]
    assert done.attempt.retrievals == (Retrieval(_OSLO.text, evidence=True),)
    assert isinstance(bench.model, ScriptedModel)
    [request] = bench.model.requests
    assert _FOUND in request.messages[-1].content
    assert request.messages[-1].content.endswith(_OSLO.text)


async def test_always_shows_no_more_of_the_passages_than_the_agent_does(tmp_path: Path) -> None:
    bench, _ = _bench(tmp_path, "Norway.", gives="长" * 100_000)
    await _measured(bench, "always")
    assert isinstance(bench.model, ScriptedModel)
    assert bench.model.requests[0].messages[-1].content.count("长") == bench.chars


async def test_never_asks_the_model_alone(tmp_path: Path) -> None:
    bench, box = _bench(tmp_path, "Sweden.")
    [done] = await _measured(bench, "never")
    assert (done.verdict, done.attempt.retrievals, box.calls) == ("wrong", (), [])


async def test_a_question_that_the_model_fails_at_is_lost_and_the_rest_go_on(tmp_path: Path) -> None:
    bench, _ = _bench(tmp_path, ModelError("It is gone."), "Norway.", "Norway.")
    done = await _measured(bench, *MODES)
    assert [one.verdict for one in done] == ["wrong", "right", "right"]
    assert (done[0].attempt.stop_reason, done[0].attempt.text) == ("error", "(It is gone.)")


def test_the_report_has_every_mode_kind_and_language() -> None:
    absent = Question("谁赢了？", "absent", "zh", ("挪威",))
    outcomes = [
        judged(_OSLO, Attempt("Norway", "finish", tokens=10)),
        judged(absent, Attempt("没有查到", "finish")),
    ]
    [mode] = report({"never": outcomes}).values()
    assert (mode["n"], mode["well"], mode["tokens"]) == (2, 1.0, 5)
    assert mode["well_interval"] == [1.0, 1.0]
    assert mode["kinds"]["answerable"]["en"]["right"] == 1.0
    assert mode["kinds"]["absent"]["zh"]["not_found"] == 1.0
    assert json.loads(json.dumps(mode)) == mode


def _write_sets(data: Path) -> None:
    for name in ("cmrc2018_zh", "hotpotqa_en", "xquad_zh", "xquad_en"):
        folder = data / name
        folder.mkdir(parents=True)
        corpus = [{"_id": f"{name}{n}", "title": "", "text": f"Fact {n}: it is word{n}."} for n in range(90)]
        asked = [{"_id": f"q{n}", "text": f"What is it in {n}?", "answers": [f"word{n}"]} for n in range(60)]
        asked[0]["answers"] = ["yes"]
        asked[1]["answers"] = ["elsewhere"]
        asked[2]["text"] = "Is it word2?"
        asked[3]["answers"] = ["Fact 3: it is word3. It has far more words than one"]
        qrels = "".join(f"q{n}\t{name}{n}\t1\n" for n in range(60))
        for file, rows in (("corpus.jsonl", corpus), ("queries.jsonl", asked)):
            text = "".join(json.dumps(row) + "\n" for row in rows)
            (folder / file).write_text(text, encoding="utf-8")
        (folder / "qrels.tsv").write_text(f"query-id\tcorpus-id\tscore\n{qrels}", encoding="utf-8")


def test_questions_have_a_short_answer_that_only_their_passage_tells(tmp_path: Path) -> None:
    _write_sets(tmp_path)
    asked = questions(tmp_path, 20)
    assert len(asked) == 2 * (20 + 10 + 20)
    assert [question.language for question in asked] == ["zh"] * 50 + ["en"] * 50
    sets = [question for question in asked if question.check is None]
    assert {"q0", "q1", "q2", "q3"}.isdisjoint(f"q{question.gold[0][4:]}" for question in sets)
    assert questions(tmp_path, 1) == [asked[n] for n in (0, 20, 30, 50, 70, 80)]


def test_the_collection_has_what_is_asked_for_and_nothing_of_what_is_absent(tmp_path: Path) -> None:
    _write_sets(tmp_path)
    texts = passages(tmp_path)
    assert len(texts) == 120
    assert not any(id_.startswith("xquad") for id_ in texts)
    everything = " ".join(texts.values())
    for question in questions(tmp_path, 20):
        assert question.kind != "answerable" or stands_in(question.gold, everything)


def test_questions_that_need_no_document_are_as_many_in_both_languages(tmp_path: Path) -> None:
    _write_sets(tmp_path)
    own = [question for question in questions(tmp_path, 20) if question.check is not None]
    assert [sum(one.language == language for one in own) for language in ("zh", "en")] == [10, 10]
    assert all(one.check is not None and (one.check.all or one.check.any) for one in own)
    assert not any(
        one.check is not None and one.check.is_right("我不知道。I cannot say.", "finish") for one in own
    )


def test_an_unknown_mode_is_a_usage_error(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["--data", str(tmp_path), "--modes", "guess"])
    assert done.exit_code == 2
    assert "no mode 'guess'; there are decide, always, never" in done.output
