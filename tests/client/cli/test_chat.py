import json
import signal
import threading
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import click
import pytest
from click.testing import CliRunner, Result

from tao import Agent
from tao.cli.answers import exit_code
from tao.cli.chat import Session, chat
from tao.cli.conversing import Conversing, Doubt
from tao.cli.words import speaking
from tao.errors import ConfigError, ModelError
from tao.events import Answer, RunUsage, StopReason
from tao.models.chat import ChatRequest, Completion, Delta
from tao.runs import Turn, conversation, read_run
from tao.settings import state_dir
from tao.toolbox import ToolSpec
from tests.support.endpoint import scripted_endpoint
from tests.support.scripted import ScriptedModel, tool


def runs() -> Path:
    return state_dir() / "runs"


@contextmanager
def talking(
    model: Any, *, typed: bool = True, as_json: bool = False, after: str | None = None
) -> Iterator[Session]:
    """A conversation with a model that has no tools."""
    conversing = Conversing()
    with conversing.opened(Agent.from_config(model=model, servers=())):
        yield Session(conversing, runs(), after, typed=typed, quiet=False, as_json=as_json)


def converse(model: Any, *lines: str, typed: bool = True, as_json: bool = False) -> tuple[int, Session]:
    with talking(model, typed=typed, as_json=as_json) as session:
        return session.converse(lines), session


def turns(session: Session) -> tuple[Turn, ...]:
    assert session.after is not None
    return conversation(runs(), session.after)


def test_each_question_goes_on_from_the_answer_before_it(capsys: pytest.CaptureFixture[str]) -> None:
    code, session = converse(
        ScriptedModel("9999 元。", "7999 元。"), "iPhone 多少钱？", "", "  ", "便宜的呢？"
    )
    out, err = capsys.readouterr()
    assert (code, out) == (0, "9999 元。\n7999 元。\n")
    assert err.count("回答: ") == 2
    assert turns(session) == (Turn("iPhone 多少钱？", "9999 元。"), Turn("便宜的呢？", "7999 元。"))


def test_new_begins_a_new_conversation(capsys: pytest.CaptureFixture[str]) -> None:
    _, session = converse(ScriptedModel("1", "2"), "a?", "/new", "b?")
    assert turns(session) == (Turn("b?", "2"),)
    assert "A new conversation." in capsys.readouterr().err


def test_exit_leaves_what_follows_unasked() -> None:
    model = ScriptedModel("1")
    assert converse(model, "a?", " /EXIT ", "b?")[0] == 0
    assert len(model.requests) == 1


def test_the_last_answer_can_be_rated_and_rated_again(capsys: pytest.CaptureFixture[str]) -> None:
    _, session = converse(ScriptedModel("1", "2"), "/good", "a?", "/good", "b?", "/good", "/new", "/bad")
    assert session.rateable is not None
    last = read_run(runs(), session.rateable)
    assert last is not None
    assert (last.question, last.good) == ("b?", False)
    assert last.after is not None
    first = read_run(runs(), last.after)
    assert first is not None
    assert (first.question, first.good) == ("a?", True)
    err = capsys.readouterr().err
    assert "There is no answer to rate yet." in err
    assert "rated bad" in err


def test_a_log_that_is_gone_cannot_be_rated_and_the_conversation_goes_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with talking(ScriptedModel("1", "2")) as session:
        session.converse(["a?"])
        (runs() / f"{session.rateable}.jsonl").unlink()
        session.converse(["/good", "/new", "b?"])
    out, err = capsys.readouterr()
    assert "cannot be rated" in err
    assert out.endswith("2\n")


@pytest.mark.parametrize("command", ["/help", "/?", "/", "/fly", "/Goodd"])
def test_the_commands_are_listed(capsys: pytest.CaptureFixture[str], command: str) -> None:
    model = ScriptedModel()
    assert converse(model, command)[0] == 0
    err = capsys.readouterr().err
    assert "/new " in err
    assert "/exit" in err
    assert ("There is no command" in err) == (command not in ("/help", "/?", "/"))


@pytest.mark.parametrize("question", ["/etc/passwd 是什么", "/usr", "/ 是什么意思", "a /new b", "／new"])
def test_what_is_no_command_is_a_question(question: str) -> None:
    model = ScriptedModel("ok")
    converse(model, question)
    assert len(model.requests) == (question != "/usr")


def test_a_failure_is_told_and_the_conversation_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    model = ScriptedModel("1", ModelError("The model is gone.", status=503), "3")
    code, session = converse(model, "a?", "b?", "x" * 30_000, "c?")
    out, err = capsys.readouterr()
    assert (code, out) == (0, "1\n3\n")
    assert "agent: The model is gone." in err
    assert "30000" in err
    assert [turn.question for turn in turns(session)] == ["a?", "c?"]


@pytest.mark.parametrize(
    ("replies", "lines", "code"),
    [
        ((), (), 0),
        (("1",), ("a?",), 0),
        (("",), ("a?",), 1),
        (("1",), ("a?", "x" * 30_000), 2),
        ((ModelError("gone"),), ("a?",), 3),
        ((ModelError("gone"), "2"), ("a?", "b?"), 0),
        ((ModelError("gone"),), ("a?", "/new"), 3),
    ],
)
def test_without_a_terminal_the_last_question_gives_the_exit_code(
    replies: tuple[str | Exception, ...], lines: tuple[str, ...], code: int
) -> None:
    assert converse(ScriptedModel(*replies), *lines, typed=False)[0] == code


@pytest.mark.parametrize(
    ("text", "reason", "code"),
    [("7", "finish", 0), ("7", "timeout", 0), ("", "finish", 1), ("?", "needs_input", 1)],
)
def test_a_question_back_is_no_answer_to_whoever_reads_the_exit_code(
    text: str, reason: StopReason, code: int
) -> None:
    answer = Answer(
        run_id="r",
        question="?",
        text=text,
        stop_reason=reason,
        steps=1,
        model="m",
        dialect=None,
        usage=RunUsage(),
    )
    assert exit_code(answer) == code


def test_json_is_one_answer_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    converse(ScriptedModel("一\n二", "3"), "a?", "/help", "b?", as_json=True)
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["text"] for answer in answers] == ["一\n二", "3"]
    assert answers[0]["run_id"] != answers[1]["run_id"]


class Interrupted(ScriptedModel):
    """In the middle of its first reply the user types Ctrl-C."""

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta | Completion, None]:
        if not self.requests:
            self.requests.append(request)
            yield Delta(text="half an ")
            main = threading.main_thread().ident
            assert main is not None
            signal.pthread_kill(main, signal.SIGINT)
            try:
                await anyio.sleep_forever()
            finally:
                self.left_early += 1
        async for piece in super().stream(request):
            yield piece


needs_signals = pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs POSIX")


@needs_signals
def test_ctrl_c_stops_an_answer_and_the_conversation_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    model = Interrupted("whole")
    code, session = converse(model, "a?", "b?")
    out, err = capsys.readouterr()
    assert (code, out, model.left_early) == (0, "whole\n", 1)
    assert "half an" in err
    assert "Stopped." in err
    assert turns(session) == (Turn("b?", "whole"),)


@needs_signals
def test_ctrl_c_without_a_terminal_stops_it_all(capsys: pytest.CaptureFixture[str]) -> None:
    model = Interrupted("whole")
    with pytest.raises(KeyboardInterrupt):
        converse(model, "a?", "b?", typed=False)
    assert (capsys.readouterr().out, model.left_early) == ("", 1)


def test_ctrl_c_at_the_prompt_closes_the_agent() -> None:
    def lines() -> Iterable[str]:
        yield "a?"
        raise KeyboardInterrupt

    agent = Agent.from_config(model=ScriptedModel("1"), servers=())
    conversing = Conversing()
    with pytest.raises(KeyboardInterrupt), conversing.opened(agent):
        Session(conversing, runs(), None, typed=True, quiet=True, as_json=False).converse(lines())
    with pytest.raises(RuntimeError, match="not open"):
        anyio.run(agent.ask, "b?")


class Asking(ScriptedModel):
    """Wants an approval before it answers."""

    def __init__(self, conversing: Conversing, spec: ToolSpec) -> None:
        super().__init__()
        self._conversing, self._spec = conversing, spec

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta | Completion, None]:
        allowed = await self._conversing.approve(self._spec, {"path": "a"})
        yield Completion(f"allowed: {allowed}")


@pytest.mark.parametrize("allowed", [True, False])
def test_the_user_is_asked_for_approval_where_the_lines_are_typed(
    capsys: pytest.CaptureFixture[str], allowed: bool
) -> None:
    asked: list[tuple[str, Mapping[str, Any], threading.Thread]] = []

    def consents(doubt: Doubt) -> bool:
        asked.append((doubt.tool, doubt.arguments, threading.current_thread()))
        return allowed

    conversing = Conversing(consents)
    model = Asking(conversing, tool("notes__wipe", "path", read_only=False))
    with conversing.opened(Agent.from_config(model=model, servers=())):
        Session(conversing, runs(), None, typed=True, quiet=True, as_json=False).converse(["a?", "b?"])
    assert asked == [("notes__wipe", {"path": "a"}, threading.main_thread())] * 2
    assert capsys.readouterr().out == f"allowed: {allowed}\n" * 2


def test_ctrl_c_at_an_approval_stops_that_answer(capsys: pytest.CaptureFixture[str]) -> None:
    def consents(doubt: Doubt) -> bool:
        raise KeyboardInterrupt

    conversing = Conversing(consents)
    model = Asking(conversing, tool("notes__wipe", read_only=False))
    with conversing.opened(Agent.from_config(model=model, servers=())):
        session = Session(conversing, runs(), None, typed=True, quiet=True, as_json=False)
        assert session.converse(["a?", "b?"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("Stopped.") == 2


def invoke(*arguments: str, stdin: bytes | str = "", base_url: str = "http://127.0.0.1:9/v1") -> Result:
    environ = {"TAO_MODEL_BASE_URL": base_url, "TAO_MODEL_NAME": "m", "TAO_MODEL_ATTEMPTS": "1"}
    return CliRunner().invoke(
        chat, ["--no-tools", *arguments], input=stdin, env=environ, standalone_mode=False
    )


def test_each_line_on_stdin_is_a_question() -> None:
    with scripted_endpoint("一。", "二。") as endpoint:
        done = invoke("-q", stdin="\ufeff问一？\r\n\n问二？", base_url=endpoint.base_url)
    assert (done.return_value, done.stdout, done.stderr) == (0, "一。\n二。\n", "")
    assert len(endpoint.requests) == 2


def test_the_last_conversation_or_one_of_ones_choice_is_gone_on_with() -> None:
    with scripted_endpoint("1", "2", "3", "4") as endpoint:
        first = json.loads(invoke("--json", stdin="a?", base_url=endpoint.base_url).stdout)
        second = json.loads(invoke("--json", "--continue", stdin="b?", base_url=endpoint.base_url).stdout)
        arguments = ("--json", "--continue", first["run_id"])
        aside = invoke(*arguments, stdin="c?", base_url=endpoint.base_url)
        fresh = json.loads(invoke("--json", stdin="d?", base_url=endpoint.base_url).stdout)
    assert "Going on after: a?" in aside.stderr
    chains = {
        answer["question"]: [turn.question for turn in conversation(runs(), answer["run_id"])]
        for answer in (second, json.loads(aside.stdout), fresh)
    }
    assert chains == {"b?": ["a?", "b?"], "c?": ["a?", "c?"], "d?": ["d?"]}


def test_without_an_earlier_answer_a_new_conversation_begins() -> None:
    with scripted_endpoint("1") as endpoint:
        done = invoke("--continue", "-q", stdin="a?", base_url=endpoint.base_url)
    assert done.stdout == "1\n"
    assert "There is no earlier answer" in done.stderr


@pytest.mark.parametrize("run_id", ["x", "../../etc/passwd", "20261122T100001-00000001", "", "\ud800"])
def test_a_run_that_there_is_not_is_refused_before_anything_opens(run_id: str) -> None:
    done = invoke("--continue", run_id, stdin="a?")
    assert isinstance(done.exception, ConfigError)
    assert "There is no run" in str(done.exception)


@pytest.mark.parametrize(
    ("stdin", "said"),
    [
        (b"\xff\xfe\n", "Line 1 on stdin is not UTF-8"),
        (b"\n" + b"x" * 300_000, "Line 2 on stdin is too long"),
    ],
)
def test_what_is_no_text_on_stdin_ends_the_conversation(stdin: bytes, said: str) -> None:
    done = invoke("-q", stdin=stdin)
    assert isinstance(done.exception, ConfigError)
    assert said in str(done.exception)


def test_no_signal_handler_is_left_behind() -> None:
    before = signal.getsignal(signal.SIGTERM)
    invoke("-q", stdin="")
    assert signal.getsignal(signal.SIGTERM) is before


def test_an_unknown_strategy_is_wrong_use() -> None:
    done = invoke("--strategy", "guess")
    assert isinstance(done.exception, click.BadParameter)
    assert "react>cot_sc" in str(done.exception)


def test_the_commands_are_explained_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    with speaking("zh"):
        converse(ScriptedModel(), "/help", "/good", "/new", "/fly")
    err = capsys.readouterr().err
    for words in ("/new   开始新的对话", "还没有可以评价的回答", "开始新的对话。", "没有命令 /fly"):
        assert words in err
