"""What is said where an upgrade is not started; no process and no model is needed for that."""

from collections.abc import Callable

import pytest

from tao.models.embeddings.e5 import without_e5
from tao.settings import KnowledgeSettings
from tao_servers.knowledge.command.upgrade_start import start_upgrade
from tao_servers.knowledge.index import Place


@pytest.fixture
def said() -> list[str]:
    return []


def test_without_a_strong_embedder_nothing_is_done(place: Place, said: list[str]) -> None:
    start_upgrade(KnowledgeSettings(upgrade="off"), place, say=said.append)
    assert said == []


def test_a_collection_that_is_gone_by_then_is_told_and_raises_nothing(place: Place, said: list[str]) -> None:
    start_upgrade(KnowledgeSettings(upgrade="openai:any"), place, say=said.append)
    (line,) = said
    assert line.startswith("Not upgraded: ")


@pytest.mark.skipif(
    without_e5() is not None, reason="the stronger of the bundled embedders does not run here"
)
def test_a_large_collection_is_left_to_the_user(
    fill: Callable[..., object], place: Place, said: list[str]
) -> None:
    text = place.store.parent / "words.txt"
    text.write_text("\n".join(f"{number} zebra" for number in range(3001)), encoding="utf-8")
    fill(text, splitter="lines", tokens=20)
    start_upgrade(KnowledgeSettings(upgrade="auto"), place, say=said.append)
    (line,) = said
    assert "`tao-knowledge upgrade --background` has it take over these 3001 chunks" in line
