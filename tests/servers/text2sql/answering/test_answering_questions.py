"""From a question to the statement that is chosen: what is asked of the model, and what becomes of it."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tao.errors import ModelError
from tao.models.chat import ChatRequest, Completion, Delta, Usage
from tao_servers.text2sql.answering.options import Options
from tao_servers.text2sql.answering.outcome import Outcome
from tao_servers.text2sql.errors import QueryFailed, SetupError
from tao_servers.text2sql.source import Source
from tests.support.scripted_sql import answering, text_of

ALL = "SELECT count(*) FROM customers"
ALL_TOO = "select COUNT(customers.id) as n from customers;"
MEN = "SELECT count(*) FROM customers WHERE gender = '男'"
WOMEN = "SELECT count(*) FROM customers WHERE gender = '女'"
GARBLED = "SELECT count(*) FROM custommers"
NOTHING = "SELECT name FROM customers WHERE city = '火星'"
WRONG = "SELECT zzzzzz FROM qqqqqq"
QUESTION = "How many customers are there?"
ONCE = Options(candidates=1, repairs=0)
YES, NO = '{"reason": "It counts.", "answers": true}', '{"reason": "It counts men.", "answers": false}'


def value(outcome: Outcome) -> object:
    assert outcome.chosen is not None
    assert outcome.chosen.rows is not None
    return outcome.chosen.rows.rows[0][0]


async def test_when_the_first_two_agree_no_third_is_asked_for(shop: Source) -> None:
    with answering(shop, ALL, ALL_TOO) as asked:
        outcome = await asked.ask(QUESTION)
    assert len(asked.model.requests) == 2
    assert value(outcome) == 800
    assert [reading.votes for reading in outcome.readings] == [2]
    assert outcome.confidence == 1.0
    assert outcome.requests == 2
    assert outcome.usage == Usage(200, len(ALL) + len(ALL_TOO), 100)


@pytest.mark.parametrize(
    ("replies", "expected", "votes"),
    [
        ((MEN, ALL, ALL_TOO), 800, [2, 1]),
        ((MEN, ALL, MEN), None, [2, 1]),
        ((ALL, MEN, WOMEN), 800, [1, 1, 1]),
        ((WRONG, ALL, ALL), 800, [2]),
        ((WRONG, WRONG, ALL), 800, [1]),
        ((NOTHING, NOTHING, ALL), 800, [1, 2]),
    ],
)
async def test_when_they_differ_a_third_decides_by_its_result(
    shop: Source, replies: tuple[str, ...], expected: int | None, votes: list[int]
) -> None:
    with answering(shop, *replies) as asked:
        outcome = await asked.ask(QUESTION)
    assert len(asked.model.requests) == 3
    assert len(outcome.tried) == 3
    assert [reading.votes for reading in outcome.readings] == votes
    assert outcome.confidence == round(votes[0] / 3, 2)
    if expected is not None:
        assert value(outcome) == expected
    else:
        assert outcome.chosen is not None
        assert outcome.chosen.written == MEN


async def test_without_early_all_are_asked_for_and_each_votes(shop: Source) -> None:
    with answering(shop, ALL, ALL, MEN, options=Options(early=False)) as asked:
        outcome = await asked.ask(QUESTION)
    assert len(asked.model.requests) == 3
    assert [reading.votes for reading in outcome.readings] == [2, 1]


async def test_the_first_is_asked_for_without_chance_and_the_others_with_it(shop: Source) -> None:
    with answering(shop, ALL, MEN, WOMEN) as asked:
        await asked.ask(QUESTION)
    first, *others = (request.temperature for request in asked.model.requests)
    assert first == 0.0
    assert all(temperature is not None and temperature > 0 for temperature in others)
    assert all(request.max_tokens for request in asked.model.requests)


@pytest.mark.parametrize("candidates", [0, 1])
async def test_one_candidate_is_one_request(shop: Source, candidates: int) -> None:
    with answering(shop, MEN, options=Options(candidates=candidates)) as asked:
        outcome = await asked.ask(QUESTION)
    assert len(asked.model.requests) == 1
    assert outcome.confidence == 1.0


async def test_garbled_names_are_mended_and_that_is_told(shop: Source) -> None:
    with answering(shop, GARBLED, GARBLED) as asked:
        outcome = await asked.ask(QUESTION)
    assert value(outcome) == 800
    assert outcome.chosen is not None
    assert outcome.chosen.written == GARBLED
    assert "customers" in outcome.chosen.sql
    assert "custommers" in " ".join(outcome.chosen.mends)
    assert outcome.confidence < 1.0


async def test_of_those_that_agree_the_one_that_needed_no_mending_is_taken(shop: Source) -> None:
    with answering(shop, GARBLED, ALL) as asked:
        outcome = await asked.ask(QUESTION)
    assert outcome.chosen is not None
    assert outcome.chosen.written == ALL
    assert outcome.confidence == 1.0


async def test_without_mending_a_garbled_name_is_what_the_rules_say(shop: Source) -> None:
    with answering(shop, GARBLED, options=Options(candidates=1, repairs=0, mend=False)) as asked:
        outcome = await asked.ask(QUESTION)
    assert outcome.chosen is None
    assert outcome.confidence == 0.0
    (candidate,) = outcome.tried
    assert candidate.problem is not None
    assert candidate.problem.rule == "known tables"


async def test_the_plain_way_asks_once_and_takes_what_it_gets(shop: Source) -> None:
    with answering(shop, f"```sql\n{WRONG}\n```", options=Options.plain()) as asked:
        outcome = await asked.ask(QUESTION)
    assert len(asked.model.requests) == 1
    assert (outcome.readings, outcome.tried[0].sql) == ((), WRONG)
    assert outcome.task.illustrations == ()


async def test_what_does_not_run_goes_back_with_the_reason(shop: Source) -> None:
    with answering(shop, WRONG, WRONG, WRONG, ALL) as asked:
        outcome = await asked.ask(QUESTION)
    assert value(outcome) == 800
    assert outcome.requests == 4
    *opening, wrote, told = asked.model.requests[-1].messages
    assert opening == asked.model.requests[0].messages
    assert (wrote.role, wrote.content) == ("assistant", WRONG)
    assert told.role == "user"
    assert "qqqqqq" in told.content
    assert asked.model.requests[-1].temperature == 0.0


@pytest.mark.parametrize("question", ["Who lives on Mars?", "谁住在火星？"])
async def test_what_finds_nothing_goes_back_and_what_then_finds_something_is_taken(
    shop: Source, question: str
) -> None:
    with answering(shop, NOTHING, NOTHING, NOTHING, ALL) as asked:
        outcome = await asked.ask(question)
    assert value(outcome) == 800
    assert outcome.confidence == 0.25
    told = asked.model.requests[-1].messages[-1].content
    assert ("nothing" in told) != ("没有查到" in told)


@pytest.mark.parametrize("repair", [NOTHING, WRONG, "", "I cannot do that."])
async def test_a_repair_that_is_no_better_is_dropped(shop: Source, repair: str) -> None:
    with answering(shop, NOTHING, NOTHING, NOTHING, repair) as asked:
        outcome = await asked.ask(QUESTION)
    assert len(asked.model.requests) == 4
    assert outcome.chosen is not None
    assert (outcome.chosen.written, outcome.chosen.is_empty) == (NOTHING, True)
    assert outcome.confidence <= 0.5


async def test_nothing_at_all_is_an_outcome_with_what_was_tried(shop: Source) -> None:
    with answering(shop, WRONG, "?", "", WRONG) as asked:
        outcome = await asked.ask(QUESTION)
    assert (outcome.chosen, outcome.confidence) == (None, 0.0)
    assert all(candidate.problem for candidate in outcome.tried)
    assert outcome.requests == 4


async def test_an_empty_answer_that_a_repair_gives_is_better_than_none(shop: Source) -> None:
    with answering(shop, WRONG, NOTHING, options=Options(candidates=1)) as asked:
        outcome = await asked.ask("Who lives on Mars?")
    assert outcome.chosen is not None
    assert outcome.chosen.is_empty


async def test_without_repairs_nothing_goes_back(shop: Source) -> None:
    with answering(shop, WRONG, WRONG, WRONG, options=Options(repairs=0)) as asked:
        outcome = await asked.ask(QUESTION)
    assert len(asked.model.requests) == 3
    assert outcome.chosen is None


async def test_a_second_repair_is_not_asked_for_in_the_same_words(shop: Source) -> None:
    other = "SELECT yyyyyy FROM pppppp"
    with answering(shop, WRONG, other, ALL, options=Options(candidates=1, repairs=2)) as asked:
        outcome = await asked.ask(QUESTION)
    assert value(outcome) == 800
    first, second = asked.model.requests[1:]
    assert (first.messages, first.temperature) != (second.messages, second.temperature)


async def test_repairs_end_with_the_first_that_finds_something(shop: Source) -> None:
    with answering(shop, WRONG, WRONG, ALL, options=Options(candidates=1, repairs=5)) as asked:
        outcome = await asked.ask(QUESTION)
    assert len(asked.model.requests) == 3
    assert value(outcome) == 800


@pytest.mark.parametrize(
    "replies",
    [
        (ModelError("Busy."), ALL, ALL),
        (ALL, ModelError("Busy."), MEN),
        (ALL, MEN, ModelError("Busy.")),
        (ModelError("Busy."), ModelError("Busy too."), ModelError("Gone.")),
    ],
)
async def test_a_request_that_fails_does_not_lose_the_others(
    shop: Source, replies: tuple[str | ModelError, ...]
) -> None:
    with answering(shop, *replies) as asked:
        if any(isinstance(reply, str) for reply in replies):
            assert value(await asked.ask(QUESTION)) == 800
        else:
            with pytest.raises(ModelError, match=r"^Busy\.$"):
                await asked.ask(QUESTION)


@pytest.mark.parametrize("written", [NOTHING, WRONG])
async def test_a_repair_that_the_model_does_not_answer_loses_nothing(shop: Source, written: str) -> None:
    with answering(shop, written, ModelError("Gone."), options=Options(candidates=1)) as asked:
        outcome = await asked.ask(QUESTION)
    assert [candidate.written for candidate in outcome.tried] == [written]


async def test_a_model_that_is_gone_is_told_bare_and_once(shop: Source) -> None:
    with answering(shop, *[ModelError("Gone.")] * 4, options=ONCE) as asked:
        with pytest.raises(ModelError, match="Gone"):
            await asked.ask(QUESTION)
        with pytest.raises(ModelError, match="Gone"):
            await asked.ask(QUESTION)


async def test_a_database_that_is_none_is_told_before_the_model_is_asked(tmp_path: Path) -> None:
    with answering(tmp_path / "none.sqlite", ALL) as asked, pytest.raises(SetupError, match=r"none\.sqlite"):
        await asked.ask(QUESTION)
    assert asked.model.requests == []


async def test_a_database_that_was_closed_is_told(shop_template: Path) -> None:
    with answering(shop_template, ALL) as asked:
        asked.source.close()
        with pytest.raises(QueryFailed, match="was closed"):
            await asked.ask(QUESTION)


async def test_the_stages_are_told_as_they_begin(shop: Source) -> None:
    lines: list[str] = []

    async def notify(line: str) -> None:
        lines.append(f"{line} {len(asked.model.requests)}")

    options = Options(candidates=1, judge=True)
    with answering(shop, NOTHING, ALL, YES, options=options) as asked:
        await asked.ask(QUESTION, notify=notify)
    assert [line.rpartition(" ")[2] for line in lines] == ["0", "0", "1", "2"]
    assert len(set(lines)) == 4


async def test_a_judge_that_is_content_changes_nothing(shop: Source) -> None:
    with answering(shop, ALL, MEN, ALL, YES, options=Options(judge=True)) as asked:
        outcome = await asked.ask(QUESTION)
    assert value(outcome) == 800
    assert outcome.requests == 4
    asks = asked.prompts[-1]
    assert QUESTION in asks
    assert ALL in asks
    assert "800" in asks


async def test_what_a_judge_objects_to_is_written_anew_with_its_reason(shop: Source) -> None:
    options = Options(candidates=1, judge=True)
    with answering(shop, MEN, NO, ALL, options=options) as asked:
        outcome = await asked.ask(QUESTION)
    assert value(outcome) == 800
    assert "It counts men." in asked.model.requests[-1].messages[-1].content
    assert len(outcome.readings) == 2


@pytest.mark.parametrize("anew", [WRONG, NOTHING, ModelError("Gone.")])
async def test_what_was_objected_to_stays_when_nothing_better_comes(
    shop: Source, anew: str | ModelError
) -> None:
    with answering(shop, ALL, NO, anew, options=Options(candidates=1, judge=True)) as asked:
        outcome = await asked.ask(QUESTION)
    assert value(outcome) == 800


async def test_what_was_written_anew_goes_before_what_lost_the_vote(shop: Source) -> None:
    with answering(shop, MEN, WOMEN, MEN, NO, ALL, options=Options(judge=True)) as asked:
        outcome = await asked.ask(QUESTION)
    assert value(outcome) == 800


async def test_a_statement_that_is_written_the_same_again_stays_the_one_to_choose(shop: Source) -> None:
    with answering(shop, ALL, MEN, ALL, NO, ALL_TOO, options=Options(judge=True)) as asked:
        outcome = await asked.ask(QUESTION)
    assert value(outcome) == 800


@pytest.mark.parametrize(
    "judged",
    ["no idea", "", "{", '{"answers": "no"}', '{"answers": null}', "[]", "{" * 3_000, ModelError("Gone.")],
)
async def test_a_judge_that_cannot_be_understood_is_content(shop: Source, judged: str | ModelError) -> None:
    with answering(shop, ALL, judged, options=Options(candidates=1, judge=True)) as asked:
        outcome = await asked.ask(QUESTION)
    assert value(outcome) == 800


async def test_with_nothing_to_judge_nobody_is_asked(shop: Source) -> None:
    options = Options(candidates=1, repairs=0, judge=True)
    with answering(shop, WRONG, options=options) as asked:
        await asked.ask(QUESTION)
    assert len(asked.model.requests) == 1


class _Reasoning:
    """A model that thinks without end; `pieces` counts how far it was let."""

    name = "reasoning"

    def __init__(self) -> None:
        self.pieces = 0

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta | Completion, None]:
        assert text_of(request)
        while self.pieces < 50_000:
            self.pieces += 1
            yield Delta(reasoning="Hmm, or is it? ")
        yield Completion(ALL)


async def test_a_model_that_thinks_without_end_is_left(shop: Source) -> None:
    model = _Reasoning()
    with answering(shop, model=model, options=ONCE) as asked:
        await asked.ask(QUESTION)
    assert model.pieces < 10_000
