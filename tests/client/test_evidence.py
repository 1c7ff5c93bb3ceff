import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao.evidence import Observed, cite, unsupported
from tao.toolbox import Passage


def pairs() -> list[Any]:
    with (Path(__file__).parent / "evidence.toml").open("rb") as file:
        return [pytest.param(pair, id=pair["name"]) for pair in tomllib.load(file)["pair"]]


def searched(*texts: str, id: str = "1.1") -> Observed:
    passages = tuple(Passage(str(n), text, f"价格表.txt:{n}") for n, text in enumerate(texts, start=1))
    return Observed(
        id, "knowledge__search_knowledge", "\n".join(f"[{p.id}] {p.text}" for p in passages), passages
    )


def observed(pair: dict[str, Any]) -> list[Observed]:
    search = [searched(*pair["passages"])] if "passages" in pair else []
    return search + [
        Observed(f"{n}.1", "a__b", text) for n, text in enumerate(pair.get("results", ()), start=2)
    ]


@pytest.mark.parametrize("pair", pairs())
def test_an_answer_cites_what_its_fixture_says(pair: dict[str, Any]) -> None:
    seen = observed(pair)
    texts = [*pair.get("passages", ()), *pair.get("results", ())]
    cited = cite(pair["answer"], pair["question"], seen)
    assert [texts.index(citation.text) + 1 for citation in cited] == pair["cites"]
    assert list(unsupported(pair["answer"], pair["question"], seen)) == pair.get("unsupported", [])


def test_a_citation_names_its_observation_and_its_passage() -> None:
    (citation,) = cite("7999元", "多少钱", [searched("手机 7999元", id="2.1")])
    assert citation.model_dump() == {
        "observation": "2.1",
        "tool": "knowledge__search_knowledge",
        "passage": "1",
        "source": "价格表.txt:1",
        "text": "手机 7999元",
    }


@pytest.mark.parametrize(("source", "shown"), [("a__b(上海)", "a__b(上海)"), ("", "a__b")])
def test_a_result_without_passages_is_cited_by_its_call(source: str, shown: str) -> None:
    (citation,) = cite("25度", "上海几度", [Observed("1.1", "a__b", "上海 25°C", source=source)])
    assert (citation.passage, citation.source) == (None, shown)


def test_a_mark_is_taken_for_one_passage_only() -> None:
    seen = [searched("甲 199元", "皮鞋 399元", id="1.1"), searched("乙 299元", "皮鞋 399元", id="2.1")]
    assert len(cite("皮鞋 399元 [2]", "皮鞋多少钱", seen)) == 1


def test_among_results_of_several_steps_the_one_with_the_fact_is_cited() -> None:
    seen = [
        Observed("1.1", "sql__list_tables", "staff 员工 (52 rows): id, name, city"),
        Observed("2.1", "sql__run_sql", "| n | 17 |"),
    ]
    assert [c.observation for c in cite("住在广州的员工有17个。", "住在广州的员工有几个？", seen)] == ["2.1"]


@pytest.mark.parametrize(
    "answer", ["7999元", "9 " * 2_000, "没有查到。", "https://a.example/" + "a" * 50_000, "[1]" * 9_999]
)
def test_huge_texts_are_matched(answer: str) -> None:
    huge = [
        "皮鞋 7999元 " + "长" * 100_000,
        "1,234 " * 20_000,
        "https://" * 10_000,
        " " * 100_000,
        "[" * 100_000,
    ]
    assert len(cite(answer, "皮鞋多少钱", [searched(*huge)])) <= 3
    assert len(unsupported(answer, "皮鞋多少钱", [searched(*huge)])) <= 1


@settings(deadline=None)
@given(answer=st.text(), question=st.text(), passage=st.text())
def test_any_text_is_matched_and_never_changed(answer: str, question: str, passage: str) -> None:
    cited = cite(answer, question, [searched(passage)])
    assert [citation.text for citation in cited] in ([], [passage])
    unsupported(answer, question, [searched(passage)])


@settings(deadline=None)
@given(number=st.integers(0, 10**9), before=st.sampled_from(["", "价格是", "¥", "RMB ", "(", "共 "]))
def test_a_number_that_was_observed_is_supported_and_cited(number: int, before: str) -> None:
    seen = [searched(f"鞋 {number}元")]
    answer = f"{before}{number}元"
    assert unsupported(answer, "鞋呢", seen) == ()
    assert len(cite(answer, "鞋呢", seen)) == 1
