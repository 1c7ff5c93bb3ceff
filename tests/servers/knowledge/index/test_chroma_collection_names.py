import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_servers.knowledge.index.chroma_names import safe_name

LEGAL = re.compile(r"[a-z][a-z0-9-]{11,51}[a-z0-9]")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=100))
def test_any_name_becomes_a_legal_one(name: str) -> None:
    assert LEGAL.fullmatch(safe_name(name))


@pytest.mark.parametrize(
    "name", ["", "价格表", "\ud800", "con", "../../etc", "a" * 9_999, "2024", "-", ".hidden."]
)
def test_awkward_names_become_legal_ones(name: str) -> None:
    assert LEGAL.fullmatch(safe_name(name))


def test_what_can_be_read_of_a_name_stays_readable() -> None:
    assert safe_name("Price list 2024").startswith("price-list-2024-")
    assert safe_name("2024").startswith("c-2024-")


def test_names_that_differ_stay_apart() -> None:
    names = ["价格表", "价格", "Prices", "prices", "prices ", "a.b", "a b", "a-b"]
    assert len({safe_name(name) for name in names}) == len(names)


def test_a_name_is_the_same_however_its_accents_are_typed() -> None:
    assert safe_name("caf\u00e9") == safe_name("cafe\u0301")


def test_names_stay_what_they_were_in_earlier_releases() -> None:
    assert safe_name("default") == "default-37a8eec1ce19"
