"""The example price list, with the embedder and the database that ship."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tao.models.embeddings import BundledEmbedder
from tao_servers.knowledge.index import Place, open_writer
from tao_servers.knowledge.ingesting.origin import Origin
from tao_servers.knowledge.ingesting.pipeline import Method, Watcher, ingest
from tao_servers.knowledge.retrieving import Searcher
from tao_servers.knowledge.splitting import Sizes


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    prices = Path(__file__).parents[3] / "examples" / "价格表.txt"
    place = Place(tmp_path_factory.mktemp("knowledge") / "store")
    embedder = BundledEmbedder()
    method = Method(Sizes(tokens=200, count=embedder.count_tokens), workers=0)
    with open_writer(place, embedder) as writer:
        ingest([Origin.of_file(prices)], writer, method, watcher=Watcher())
    with Searcher(place, embedder) as searcher:
        yield searcher


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("iPhone 15 Pro Max 多少钱", "iPhone 15 Pro Max: 7999元"),
        ("皮鞋多少钱", "皮鞋: 399元"),
        ("儿童安全座椅的价格", "儿童安全座椅：699元"),
        ("How much is a child safety seat?", "儿童安全座椅：699元"),
        ("What's the price of leather shoes?", "皮鞋: 399元"),
    ],
)
def test_a_question_about_a_price_finds_its_line(searcher: Searcher, question: str, line: str) -> None:
    assert line in [match.text for match in searcher.search(question, 5)]


def test_all_goods_of_the_price_list_have_names_of_their_own(repository: Path) -> None:
    lines = (repository / "examples" / "价格表.txt").read_text(encoding="utf-8").splitlines()
    names = [line.replace("：", ": ").rpartition(": ")[0] for line in lines]
    assert len(set(names)) == len(names) >= 320


@pytest.mark.parametrize(
    "question",
    ["法国的首都是哪里", "年假怎么休", "如何申请报销", "光合作用的过程"],
)
def test_a_question_about_something_else_finds_nothing(searcher: Searcher, question: str) -> None:
    assert searcher.search(question, 5) == []
