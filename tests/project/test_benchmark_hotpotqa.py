"""The parts of the HotpotQA and the conversations benchmark that need no model."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.act_only import ActOnlyDialect
from benchmarks.answers import contains, exact_match, f1, interval
from benchmarks.conversations import Conversation, Turn, hold_all, load_conversations
from benchmarks.hotpotqa import Bench, Question, load_questions, main, measure, report
from benchmarks.model_cache import CachedModel, Replies
from benchmarks.wiki_search import Article, WikiSearch, load_articles
from tao import Agent
from tao.dialects import SchemaDialect
from tao.errors import ModelError
from tao.models.chat import ChatModel, ChatRequest, Completion, Message, ToolCall, Usage
from tao.settings import load_settings
from tests.support.scripted import ScriptedModel

_ARTICLES = [
    Article("1", "Nick Park", "Nick Park is an English animator who made Wallace and Gromit."),
    Article("2", "Creature Comforts", "Creature Comforts is a comedy by Nick Park about zoo animals."),
    Article("3", "Oslo", "Oslo is the capital of Norway. 挪威首都。"),
]
_SEARCH = '{"thought": "Look.", "actions": [{"tool": "wiki__search", "arguments": {"query": "Oslo"}}]}'
_FINISH = '{"thought": "There.", "actions": [{"tool": "finish", "arguments": {"answer": "Norway"}}]}'


@pytest.mark.parametrize(
    ("answer", "gold", "exact", "overlap"),
    [
        ("The Creature Comforts.", ["Creature comforts"], 1.0, 1.0),
        ("It is Creature Comforts", ["Creature Comforts"], 0.0, 2 / 3),
        ("2004", ["1999", "2004"], 1.0, 1.0),
        ("no, it is not", ["no"], 0.0, 0.0),
        ("No.", ["no"], 1.0, 1.0),
        ("yes", ["no"], 0.0, 0.0),
        ("", ["Oslo"], 0.0, 0.0),
        ("!?", ["Oslo"], 0.0, 0.0),
        ("Oslo Oslo Oslo", ["Oslo"], 0.0, 0.5),
    ],
)
def test_an_answer_is_scored_as_the_official_script_does(
    answer: str, gold: list[str], exact: float, overlap: float
) -> None:
    assert exact_match(answer, gold) == exact
    assert f1(answer, gold) == pytest.approx(overlap)


def test_an_answer_contains_a_right_one_only_as_whole_words() -> None:
    assert contains("They disbanded in 2004, I think.", ["2004"]) == 1.0
    assert contains("They sold 12004 records.", ["2004"]) == 0.0


def test_an_interval_holds_the_mean_and_is_the_same_each_time() -> None:
    scores = [1.0, 0.0, 0.0, 1.0, 0.5, 0.0, 1.0, 0.0]
    low, high = interval(scores)
    assert low < sum(scores) / len(scores) < high
    assert interval(scores) == (low, high)
    assert interval([0.25] * 5) == (0.25, 0.25)


async def test_a_search_gives_the_best_articles_as_passages_with_their_titles() -> None:
    result = await WikiSearch(_ARTICLES, most=2).call("wiki__search", {"query": "creature comforts zoo"})
    assert [passage.source for passage in result.passages] == ["Creature Comforts"]
    result = await WikiSearch(_ARTICLES, most=2).call("wiki__search", {"query": "Who is Nick Park"})
    assert [passage.source for passage in result.passages] == ["Nick Park", "Creature Comforts"]
    assert result.text.startswith("[1] Nick Park: Nick Park is an English animator")


@pytest.mark.parametrize("query", ["", "   ", "\x00\ud800", "xyzzy " * 50_000, "'; DROP TABLE --"])
async def test_a_search_for_nothing_that_is_there_says_so(query: str) -> None:
    result = await WikiSearch(_ARTICLES).call("wiki__search", {"query": query})
    assert result.passages == ()
    assert len(result.text) < 400
    assert result.is_error == (not query.strip())


async def test_another_tool_than_the_search_is_an_error() -> None:
    search = WikiSearch(_ARTICLES)
    assert (await search.call("wiki__delete", {})).is_error
    assert await search.current("wiki__delete") is None
    assert await search.current("wiki__search") == search.tools[0]


async def test_a_search_over_no_articles_finds_nothing() -> None:
    assert (await WikiSearch([]).call("wiki__search", {"query": "Oslo"})).passages == ()


async def test_a_reply_is_asked_for_once_and_then_comes_from_the_disk(tmp_path: Path) -> None:
    call = ToolCall("c1", "wiki__search", "{}")
    reply = Completion("你好", "hm", tool_calls=(call,), usage=Usage(3, 2, 1), seconds=1.5)
    request = ChatRequest([Message("user", "Hello")])
    for _ in range(2):
        model = CachedModel(ScriptedModel(reply), Replies(tmp_path, {"name": "m"}))
        assert await _whole(model, request) == reply
        assert await _whole(model, request) == reply
        assert model.seconds == 3.0


async def test_samples_are_kept_one_by_one(tmp_path: Path) -> None:
    request = ChatRequest([Message("user", "Hello")], temperature=0.7)
    scripted = ScriptedModel("a", "b")
    model = CachedModel(scripted, Replies(tmp_path, {}))
    assert [(await _whole(model, request)).text for _ in range(2)] == ["a", "b"]
    again = CachedModel(scripted, Replies(tmp_path, {}))
    assert [(await _whole(again, request)).text for _ in range(2)] == ["a", "b"]
    assert len(scripted.requests) == 2


async def test_a_reply_depends_on_the_request_and_on_the_model(tmp_path: Path) -> None:
    scripted = ScriptedModel("a", "b", "c")
    first = CachedModel(scripted, Replies(tmp_path, {"name": "m"}))
    other = CachedModel(scripted, Replies(tmp_path, {"name": "n"}))
    assert (await _whole(first, ChatRequest([Message("user", "1")]))).text == "a"
    assert (await _whole(first, ChatRequest([Message("user", "2")]))).text == "b"
    assert (await _whole(other, ChatRequest([Message("user", "1")]))).text == "c"


async def test_a_half_written_reply_and_no_folder_mean_asking_again(tmp_path: Path) -> None:
    request = ChatRequest([Message("user", "Hello")])
    scripted = ScriptedModel("a", "b", "c")
    await _whole(CachedModel(scripted, Replies(tmp_path, {})), request)
    _cut_all(tmp_path)
    assert (await _whole(CachedModel(scripted, Replies(tmp_path, {})), request)).text == "b"
    assert (await _whole(CachedModel(scripted, Replies(None, {})), request)).text == "c"


def test_acting_only_differs_from_react_by_its_thoughts_alone() -> None:
    tools = WikiSearch([]).tools
    act, react = ActOnlyDialect().opening(tools, "en", "now"), SchemaDialect().opening(tools, "en", "now")
    assert [message.role for message in act] == [message.role for message in react]
    assert '"thought"' in str(react)
    assert '"thought"' not in str(act)
    asked, plain = (
        dialect.request([], tools).response_format for dialect in (ActOnlyDialect(), SchemaDialect())
    )
    assert asked is not None
    assert plain is not None
    assert list(asked["json_schema"]["schema"]["properties"]) == ["actions"]
    assert "thought" in plain["json_schema"]["schema"]["properties"]


async def test_strategies_are_measured_on_the_same_questions(tmp_path: Path) -> None:
    model = ScriptedModel(_SEARCH, _FINISH, '{"actions": [{"tool": "finish", "arguments": {"answer": "x"}}]}')
    bench = Bench(model, Replies(None, {}), WikiSearch(_ARTICLES), 5, tmp_path)
    question = Question("q", "Of what is Oslo the capital?", ("Norway",))
    said: list[str] = []
    figures = report(await measure(["react", "act"], [question], bench, said.append), "scripted")
    assert figures["n"] == 1
    react, act = figures["strategies"]["react"], figures["strategies"]["act"]
    assert (react["em"], react["f1"], react["f1_interval"]) == (1.0, 1.0, [1.0, 1.0])
    assert react["stop_reasons"] == {"finish": 1}
    assert react["tokens"] == 200 + len(_SEARCH) + len(_FINISH)
    assert (act["em"], act["contains"]) == (0.0, 0.0)
    assert len(said) == 3
    assert all("a few words only" in str(request.messages) for request in model.requests)


def test_data_is_read_as_the_set_has_it(tmp_path: Path) -> None:
    rows = [{"_id": str(n), "text": " Who? ", "answers": ["我"], "type": "bridge"} for n in range(3)]
    path = tmp_path / "queries.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    assert load_questions(path, 2) == [Question(str(n), "Who?", ("我",)) for n in range(2)]
    path.write_text('{"_id": "1", "title": "T", "text": "t"}\n', encoding="utf-8")
    assert load_articles(path) == [Article("1", "T", "t")]


def test_an_unknown_strategy_is_a_usage_error(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["--data", str(tmp_path), "--strategies", "guess"])
    assert done.exit_code == 2
    assert "no strategy 'guess'" in done.output


@pytest.mark.parametrize(
    ("expected", "text", "right"),
    [
        (["1801"], "2024 年共有 1,801 个订单。", True),
        (["29"], "拖鞋 29元。", True),
        (["29"], "It costs 2999元.", False),
        (["29"], "It costs 29.5.", False),
        (["29"], "It costs 29.00 yuan.", True),
        (["29"], "It costs 29.", True),
        (["Guofei.site"], "https://www.guofei.site/", True),
        (["299"], "２９９元", True),
        (["299"], "", False),
    ],
)
def test_a_turn_is_right_when_what_is_expected_stands_in_it(
    expected: list[str], text: str, right: bool
) -> None:
    assert Turn(question="?", all=tuple(expected)).is_right(text, "finish") is right


def test_a_turn_can_ask_for_an_end_for_one_of_several_and_for_none() -> None:
    assert Turn(question="?", stop_reason="needs_input").is_right("Which one?", "needs_input")
    assert not Turn(question="?", stop_reason="needs_input").is_right("It costs 5.", "finish")
    turn = Turn(question="?", any=("a", "b"), none=("c",))
    assert [turn.is_right(text, "finish") for text in ("x a", "b", "b c", "x")] == [True, True, False, False]


def test_there_are_ten_conversations_of_three_to_five_turns(repository: Path) -> None:
    conversations = load_conversations(repository / "benchmarks" / "conversations.toml")
    assert len(conversations) == 10
    assert {len(one.turns) for one in conversations} <= {3, 4, 5}
    assert {one.language for one in conversations} == {"zh", "en", "mixed"}
    assert all(turn.all or turn.any or turn.stop_reason for one in conversations for turn in one.turns)


async def test_a_conversation_goes_on_from_the_last_turn_that_was_answered() -> None:
    model = ScriptedModel("It costs 5.", ModelError("The model is gone."), "It costs 29.")
    questions = [Turn(question=text, all=("29",)) for text in ("first", "second", "third")]
    conversation = Conversation(name="three", language="en", turn=tuple(questions))
    async with Agent.from_config(servers=(), model=model, settings=load_settings()) as agent:
        figures = await hold_all(agent, [conversation])
    assert (figures["turns"], figures["right"]) == (3, 1)
    turns = figures["conversations"][0]["turns"]
    assert [turn["right"] for turn in turns] == [False, False, True]
    assert turns[1]["stop_reason"] == "error"
    assert turns[1]["answer"] == "(The model is gone.)"


def _cut_all(folder: Path) -> None:
    for path in folder.rglob("*.json"):
        path.write_text('{"text": "a', encoding="utf-8")


async def _whole(model: ChatModel, request: ChatRequest) -> Completion:
    pieces: AsyncGenerator[object, None] = model.stream(request)
    *_, last = [piece async for piece in pieces]
    assert isinstance(last, Completion)
    return last
