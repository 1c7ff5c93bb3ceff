from pathlib import Path

import pytest

from tao_servers.knowledge.evaluating.plot import Bar, draw

PNG = b"\x89PNG\r\n\x1a\n"
BARS = [Bar("all stages", (0.8, 0.7, 0.9)), Bar("keyword alone", (0.0, 0.0, 0.0)), Bar("x", (1.0, 1.0, 1.0))]


def test_bars_are_drawn_into_a_png(tmp_path: Path) -> None:
    file = tmp_path / "图.png"
    assert draw(BARS, file, title="scifact_en $x^2 (50 queries)", axis="ndcg@10") is None
    assert file.read_bytes().startswith(PNG)


def test_a_title_that_no_font_has_is_left_out_and_told(tmp_path: Path) -> None:
    file = tmp_path / "plot.png"
    # A character for private use, which no font for Chinese has.
    note = draw(BARS, file, title="set \U0010fffd", axis="ndcg@10")
    assert note is not None
    assert "No font here has the characters" in note
    assert file.read_bytes().startswith(PNG)


def test_a_chinese_title_is_drawn_or_told(tmp_path: Path) -> None:
    # Missing characters are warnings, which are errors here.
    assert draw(BARS, tmp_path / "plot.png", title="财务问答", axis="ndcg@10") in (
        None,
        "No font here has the characters of '财务问答': the plot has no title.",
    )


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        draw(BARS, tmp_path / "nowhere" / "plot.png", title="x", axis="y")
