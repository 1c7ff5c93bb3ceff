import pytest

from tao.cli.live import LiveSteps, source_lines
from tao.events import (
    Action,
    Answer,
    AnswerDelta,
    Citation,
    Event,
    Notice,
    Observation,
    RunUsage,
    StopReason,
    ThoughtDelta,
)
from tao_prompts import Language

HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b31m\rover\b\x7f\x00\u202eevil\u2066"
DANGEROUS = set("\x1b\x07\x9b\r\b\x7f\x00\u202e\u2066")


def shown(capsys: pytest.CaptureFixture[str], *events: Event, language: Language = "en") -> str:
    live = LiveSteps(language)
    for event in events:
        live.show(event)
    live.close()
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def action(**arguments: object) -> Action:
    return Action(step=1, id="1.1", tool="a__b", arguments=arguments)


def observation(text: str, *, is_error: bool = False) -> Observation:
    return Observation(step=1, id="1.1", tool="a__b", text=text, is_error=is_error)


def answer(*citations: Citation, unsupported: tuple[str, ...] = (), reason: StopReason = "finish") -> Answer:
    return Answer(
        run_id="r",
        question="多少钱",
        text="7999元",
        citations=citations,
        unsupported=unsupported,
        stop_reason=reason,
        steps=2,
        model="m",
        dialect="schema",
        usage=RunUsage(model_seconds=3, tool_seconds=1.25, total_seconds=4.5),
    )


def cited(text: str, source: str = "价格表.txt:7") -> Citation:
    return Citation(observation="1.1", tool="a__b", source=source, text=text)


RUN: list[Event] = [
    ThoughtDelta(step=1, text="look "),
    ThoughtDelta(step=1, text="it up"),
    action(query="鞋", n=2),
    observation("first\nsecond"),
    observation("no such thing", is_error=True),
    AnswerDelta(step=1, text="7999"),
    AnswerDelta(step=1, text="元"),
    answer(unsupported=("42", "https://x.example")),
]


def test_a_run_is_shown_step_by_step_in_english(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, *RUN).splitlines() == [
        "Thought: look it up",
        'Action: a__b {"query": "鞋", "n": 2}',
        "Observation: first",
        "second",
        "Observation (error): no such thing",
        "Answer: 7999元",
        "2 steps, 4.5 s (model 3.0 s, tools 1.2 s, rest 0.2 s)",
    ]


def test_a_run_is_shown_step_by_step_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, *RUN, language="zh").splitlines() == [
        "思考: look it up",
        '行动: a__b {"query": "鞋", "n": 2}',
        "观察: first",
        "second",
        "观察（出错）: no such thing",
        "回答: 7999元",
        "2 步，4.5 秒（模型 3.0 秒，工具 1.2 秒，其余 0.2 秒）",
    ]


@pytest.mark.parametrize(
    ("reason", "language", "words"),
    [
        ("max_steps", "en", "Out of steps"),
        ("timeout", "en", "Out of time"),
        ("max_steps", "zh", "步数用完"),
        ("timeout", "zh", "时间用完"),
    ],
)
def test_a_limit_is_told(
    capsys: pytest.CaptureFixture[str], reason: StopReason, language: Language, words: str
) -> None:
    assert words in shown(capsys, answer(reason=reason), language=language)
    assert words not in shown(capsys, answer(), language=language)


@pytest.mark.parametrize(
    "event",
    [
        ThoughtDelta(step=1, text=HOSTILE),
        AnswerDelta(step=1, text=HOSTILE),
        action(query=HOSTILE),
        Action(step=1, id="1.1", tool=HOSTILE, arguments={HOSTILE: [HOSTILE]}),
        observation(HOSTILE),
        observation(HOSTILE, is_error=True),
        Notice(text=f"The server 'x' did not start. It said: {HOSTILE}"),
    ],
    ids=lambda event: event.type,
)
def test_nothing_that_a_tool_or_a_model_writes_can_drive_the_terminal(
    capsys: pytest.CaptureFixture[str], event: Event
) -> None:
    text = shown(capsys, event)
    assert not DANGEROUS & set(text)
    assert "evil" in text


def test_nor_can_a_source() -> None:
    lines = source_lines(answer(cited(HOSTILE, HOSTILE), unsupported=(HOSTILE,)), "en")
    assert not DANGEROUS & set(lines)
    assert "evil" in lines


@pytest.mark.parametrize("text", ["[bold]x[/bold]", "[/nothing]", ":smile:", "a\u3000b\u00a0c", "👍🏽"])
def test_harmless_text_is_shown_as_it_is(capsys: pytest.CaptureFixture[str], text: str) -> None:
    text_shown = shown(capsys, observation(text), AnswerDelta(step=1, text=text), Notice(text=text))
    assert text_shown == f"Observation: {text}\nAnswer: {text}\n{text}\n"


def test_a_long_observation_is_shortened_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    many = shown(capsys, observation("\n".join(f"line {n}" for n in range(1000)))).splitlines()
    assert many[-1] == "... (+988)"
    assert len(many) == 13
    wide = shown(capsys, observation("x" * 100_000))
    assert len(wide) < 500
    assert wide.rstrip().endswith("...")


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_an_empty_observation_is_a_line(capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert shown(capsys, observation(text)).startswith("Observation: ")


def test_a_notice_ends_the_line_that_is_being_written(capsys: pytest.CaptureFixture[str]) -> None:
    events: list[Event] = [
        ThoughtDelta(step=1, text="hm"),
        Notice(text="Loading."),
        ThoughtDelta(step=1, text="so"),
    ]
    assert shown(capsys, *events).splitlines() == ["Thought: hm", "Loading.", "Thought: so"]


def test_what_was_shown_of_the_answer_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    live = LiveSteps("zh")
    for event in RUN:
        live.show(event)
    assert live.answer == "7999元"


@pytest.mark.parametrize(("language", "title"), [("zh", "来源:"), ("en", "Sources:")])
def test_the_sources_are_lines_of_source_and_words(language: Language, title: str) -> None:
    lines = source_lines(answer(cited("iPhone\n 7999元"), cited("x" * 1000, "b.txt:1")), language)
    assert lines.splitlines()[:2] == [title, "  价格表.txt:7: iPhone 7999元"]
    assert len(lines) < 300


@pytest.mark.parametrize(
    ("language", "none", "unsupported"),
    [
        ("zh", "来源: 没有找到支持这个回答的来源", "来源中没有找到: 42, https://x.example"),
        (
            "en",
            "Sources: none was found that supports this answer",
            "Not found in the sources: 42, https://x.example",
        ),
    ],
)
def test_what_no_source_supports_is_said(language: Language, none: str, unsupported: str) -> None:
    assert source_lines(answer(), language) == none
    assert source_lines(answer(unsupported=("42", "https://x.example")), language).splitlines() == [
        none,
        unsupported,
    ]


def test_an_answer_without_tools_has_no_lines_of_sources() -> None:
    alone = answer().model_copy(update={"dialect": None})
    assert source_lines(alone, "zh") == ""
