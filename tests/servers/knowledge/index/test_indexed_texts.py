import pytest

from tao_servers.knowledge.document import Chunk
from tao_servers.knowledge.index import indexed_text


@pytest.mark.parametrize(
    ("title", "heading", "text", "indexed"),
    [
        ("Manual", "", "Press it.", "Manual\nPress it."),
        ("Manual", "Manual > Start", "Press it.", "Manual > Start\nPress it."),
        (None, "", "Press it.", "Press it."),
        ("Manual", "", "Manual\nPress it.", "Manual\nPress it."),
        (None, "手册 > 年假", "## 年假\n五天。", "手册\n## 年假\n五天。"),
        (None, "年假", "年假\n五天。", "年假\n五天。"),
    ],
)
def test_a_text_is_found_by_its_headings_each_of_them_once(
    title: str | None, heading: str, text: str, indexed: str
) -> None:
    assert indexed_text(title, Chunk(text, 0, len(text), 1, 1, heading=heading)) == indexed


def test_the_header_of_a_table_and_hints_are_found_by_too() -> None:
    chunk = Chunk("a | 1", 0, 5, 1, 1, context="name | price", hints="What does a cost?")
    assert indexed_text("Prices", chunk) == "Prices\nname | price\na | 1\nWhat does a cost?"
