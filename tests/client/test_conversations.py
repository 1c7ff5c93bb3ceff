import json
import os
from pathlib import Path

import anyio
import pytest

from tao import Agent
from tao.errors import ConfigError
from tao.events import Answer
from tao.runs import LoggedRun, Turn, conversation, last_run, newest_runs, rate, read_run
from tao.settings import state_dir
from tests.support.scripted import ScriptedModel

FIRST, SECOND, THIRD = (f"20261122T10000{number}-0000000{number}" for number in (1, 2, 3))


def started(question: str, after: object = None) -> str:
    return json.dumps({"kind": "run_started", "at": "", "question": question, "after": after}) + "\n"


def answered(text: str) -> str:
    return json.dumps({"kind": "event", "at": "", "event": {"type": "answer", "text": text}}) + "\n"


def log(folder: Path, run_id: str, *content: str | bytes) -> Path:
    path = folder / f"{run_id}.jsonl"
    path.write_bytes(b"".join(part.encode() if isinstance(part, str) else part for part in content))
    return path


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    """Three runs, each after the one before."""
    log(tmp_path, FIRST, started("一？"), answered("1"))
    log(tmp_path, SECOND, started("二？", FIRST), answered("2"))
    log(tmp_path, THIRD, started("三？", SECOND), answered("3"))
    return tmp_path


def test_a_conversation_is_read_back_in_its_order(chain: Path) -> None:
    assert conversation(chain, THIRD) == (Turn("一？", "1"), Turn("二？", "2"), Turn("三？", "3"))
    assert conversation(chain, FIRST) == (Turn("一？", "1"),)
    assert last_run(chain) == THIRD


def test_a_run_without_an_answer_is_passed_over_and_not_the_last(chain: Path) -> None:
    log(chain, SECOND, started("二？", FIRST))
    log(chain, "20261122T110000-00000004", started("四？", THIRD))
    assert [turn.text for turn in conversation(chain, THIRD)] == ["1", "3"]
    assert last_run(chain) == THIRD


def test_a_log_that_is_gone_ends_what_is_known(chain: Path) -> None:
    (chain / f"{SECOND}.jsonl").unlink()
    assert conversation(chain, THIRD) == (Turn("三？", "3"),)


def test_a_conversation_that_runs_in_a_circle_ends(tmp_path: Path) -> None:
    log(tmp_path, FIRST, started("一？", SECOND), answered("1"))
    log(tmp_path, SECOND, started("二？", FIRST), answered("2"))
    assert [turn.text for turn in conversation(tmp_path, SECOND)] == ["1", "2"]


def test_only_the_last_eight_turns_are_read(tmp_path: Path) -> None:
    ids = [f"20261122T1000{number:02}-00000000" for number in range(12)]
    for number, run_id in enumerate(ids):
        log(tmp_path, run_id, started("?", ids[number - 1] if number else None), answered(str(number)))
    assert [turn.text for turn in conversation(tmp_path, ids[-1])] == [str(n) for n in range(4, 12)]


HOSTILE_IDS = [
    "",
    ".",
    "../" + FIRST,
    f"../{FIRST}",
    "/etc/passwd",
    FIRST + "\n",
    FIRST + "\x00",
    "\ud800",
    "x" * 1_000_000,
    "２０２６１１２２T100001-00000001",
]


@pytest.mark.parametrize("run_id", HOSTILE_IDS, ids=range(len(HOSTILE_IDS)))
def test_nothing_outside_the_folder_is_read_or_written(tmp_path: Path, run_id: str) -> None:
    secret = log(tmp_path, FIRST, started("secret"), answered("secret"))
    before = secret.read_bytes()
    folder = tmp_path / "runs"
    folder.mkdir()
    with pytest.raises(ConfigError) as caught:
        conversation(folder, run_id)
    assert len(str(caught.value)) < 1000
    with pytest.raises(ConfigError):
        rate(folder, run_id, True)
    log(folder, SECOND, started("ours", run_id), answered("ours"))
    assert conversation(folder, SECOND) == (Turn("ours", "ours"),)
    assert secret.read_bytes() == before


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="needs POSIX")
def test_links_pipes_and_folders_are_no_logs(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    secret = log(tmp_path, FIRST, started("secret"), answered("secret"))
    (folder / f"{FIRST}.jsonl").symlink_to(secret)
    os.mkfifo(folder / f"{SECOND}.jsonl")
    (folder / f"{THIRD}.jsonl").mkdir()
    for run_id in (FIRST, SECOND, THIRD):
        with pytest.raises(ConfigError):
            conversation(folder, run_id)
        with pytest.raises(ConfigError):
            rate(folder, run_id, False)
    assert last_run(folder) is None
    assert b"rated" not in secret.read_bytes()


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"\x00\xff\xfe" * 1000,
        b"\n\n\n",
        b"[]\n42\nnull\n",
        b'{"kind": "event"}\n{"kind": "event", "event": []}\n',
        b'{"kind": "event", "event": {"type": "answer", "text": 7}}\n',
        b'{"kind": "rated", "good": "yes"}\n',
        b'{"kind": "event", "event": ' + b"[" * 100_000 + b"\n",
        b'{"kind": "event", "event": "' + b"x" * 5_000_000 + b'"}\n',
        b'{"kind": "event", "at": "", "event": {"type": "answer", "te',
    ],
    ids=range(10),
)
def test_what_is_no_record_is_passed_over(tmp_path: Path, junk: bytes) -> None:
    log(tmp_path, FIRST, started("一？"), answered("1"), junk)
    assert conversation(tmp_path, FIRST) == (Turn("一？", "1"),)
    log(tmp_path, SECOND, junk)
    assert last_run(tmp_path) == FIRST
    with pytest.raises(ConfigError, match="no run"):
        conversation(tmp_path, SECOND)


def test_an_odd_id_of_the_run_before_is_as_good_as_none(tmp_path: Path) -> None:
    odd: tuple[object, ...] = (7, [], {}, True, "x" * 100_000)
    for after in odd:
        log(tmp_path, FIRST, started("一？", after), answered("1"))
        assert conversation(tmp_path, FIRST) == (Turn("一？", "1"),)


def test_a_huge_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = log(tmp_path, FIRST, started("一？"), answered("1"))
    # A hole: it has its size without the bytes.
    os.truncate(path, 1 << 40)
    assert conversation(tmp_path, FIRST) == (Turn("一？", "1"),)


def test_a_folder_that_is_missing_or_no_folder_has_no_runs(tmp_path: Path) -> None:
    assert last_run(tmp_path / "none") is None
    file = tmp_path / "file"
    file.touch()
    assert newest_runs(file, 10) == []


def test_only_the_newest_runs_are_listed(chain: Path) -> None:
    (chain / "notes.jsonl").touch()
    (chain / f"{FIRST}.json").touch()
    (chain / FIRST).mkdir()
    assert newest_runs(chain, 2) == [THIRD, SECOND]


def test_the_last_rating_of_a_run_counts(chain: Path) -> None:
    assert read_run(chain, FIRST, rated=True) is None
    rate(chain, FIRST, True)
    assert read_run(chain, FIRST, rated=True) == LoggedRun("一？", None, "1", good=True)
    rate(chain, FIRST, False)
    assert read_run(chain, FIRST, rated=True) == LoggedRun("一？", None, "1", good=False)
    assert conversation(chain, THIRD)[0] == Turn("一？", "1")


def test_a_rating_is_not_lost_behind_a_line_that_was_cut(tmp_path: Path) -> None:
    log(tmp_path, FIRST, started("一？"), answered("1"), '{"kind": "mod')
    rate(tmp_path, FIRST, True)
    logged = read_run(tmp_path, FIRST)
    assert logged is not None
    assert logged.good is True


def test_an_empty_log_can_be_rated_and_tells_nothing(tmp_path: Path) -> None:
    log(tmp_path, FIRST)
    rate(tmp_path, FIRST, True)
    assert read_run(tmp_path, FIRST) is None


async def ask(agent: Agent, question: str, after: str | None = None) -> Answer:
    with anyio.fail_after(5):
        return await agent.ask(question, after=after)


async def test_the_runs_of_an_agent_are_a_chain() -> None:
    runs = state_dir() / "runs"
    async with Agent.from_config(
        model=ScriptedModel("9999 元。", "7999 元。", "是的。"), servers=()
    ) as agent:
        first = await ask(agent, "iPhone 多少钱？")
        second = await ask(agent, "那便宜的呢？", first.run_id)
        aside = await ask(agent, "真的吗？", first.run_id)
    turn = Turn("iPhone 多少钱？", "9999 元。")
    assert conversation(runs, second.run_id) == (turn, Turn("那便宜的呢？", "7999 元。"))
    assert conversation(runs, aside.run_id) == (turn, Turn("真的吗？", "是的。"))


async def test_a_run_that_there_is_not_cannot_be_gone_on_from() -> None:
    model = ScriptedModel("ok")
    async with Agent.from_config(model=model, servers=()) as agent:
        for run_id in (FIRST, "../x", ""):
            with pytest.raises(ConfigError, match="no run"):
                await ask(agent, "And?", run_id)
        assert model.requests == []
        assert (await ask(agent, "Hi?")).text == "ok"


def test_reading_on_is_not_what_an_earlier_answer_is_shown_to_rest_on(tmp_path: Path) -> None:
    def called(id: str, tool: str, text: str) -> str:
        events: list[dict[str, object]] = [
            {"type": "action", "id": id, "tool": tool, "arguments": {}},
            {"type": "observation", "id": id, "tool": tool, "text": text, "is_error": False},
        ]
        return "".join(json.dumps({"kind": "event", "at": "", "event": event}) + "\n" for event in events)

    log(
        tmp_path,
        FIRST,
        started("一？"),
        called("1.1", "notes__read", "begins"),
        called("2.1", "read_more", "goes on"),
        answered("1"),
    )
    (turn,) = conversation(tmp_path, FIRST)
    assert turn.lookup is not None
    assert (turn.lookup.tool, turn.lookup.seen) == ("notes__read", "begins")
