"""Draws what was measured as a bar chart with its intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tao.models.loading import load

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

    from tao_servers.knowledge.evaluating.run import Interval

__all__ = ["Bar", "draw", "need_plotting"]

_INCHES_A_BAR = 0.45
_DPI = 150
# Fonts with Chinese characters, by the systems that have them; the first that is there is taken.
_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti TC",
    "Arial Unicode MS",
    "Microsoft YaHei",
    "SimHei",
    "Droid Sans Fallback",
)


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the chart: a mean from 0 to 1 with its bounds."""

    name: str
    value: "Interval"


def need_plotting() -> None:
    """See that the library is there, before much is measured for it.

    Raises:
        MissingExtra: it is not installed.
    """
    load("matplotlib", extra="plot")


def draw(bars: Sequence[Bar], file: Path, *, title: str, axis: str) -> str | None:
    """Write a PNG with a bar for each, from above; returns what has to be said of it, if anything has.

    Raises:
        MissingExtra: the library is not installed.
        OSError: the file cannot be written.
    """
    need_plotting()
    from matplotlib.figure import Figure

    # A figure by itself, without pyplot: needs no display, and leaves no state behind.
    figure = Figure(figsize=(8, 1.4 + _INCHES_A_BAR * len(bars)), layout="constrained")
    axes = figure.subplots()
    means = [bar.value[0] for bar in bars]
    below = [mean - bar.value[1] for mean, bar in zip(means, bars, strict=True)]
    above = [bar.value[2] - mean for mean, bar in zip(means, bars, strict=True)]
    drawn = axes.barh([bar.name for bar in bars], means, xerr=[below, above], capsize=3, color="#4878a8")
    axes.bar_label(drawn, labels=[f"{mean:.3f}" for mean in means], label_type="center", color="white")
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel(axis)
    font = _font_for(title)
    note = None
    if font is None:
        note = f"No font here has the characters of {title!r}: the plot has no title."
    else:
        axes.set_title(title, fontproperties=font, parse_math=False)
    figure.savefig(file, format="png", dpi=_DPI)
    return note


def _font_for(text: str) -> "FontProperties | None":
    """A font with all characters of `text`; without one they would be drawn as boxes."""
    from matplotlib.font_manager import FontProperties, fontManager, get_font

    needed = {ord(char) for char in text if not char.isspace()}
    upright = (entry for entry in fontManager.ttflist if (entry.style, entry.weight) == ("normal", 400))
    files = {entry.name: entry.fname for entry in upright}
    for name in ("DejaVu Sans", *_FONTS):
        if name in files and needed <= get_font(files[name]).get_charmap().keys():
            return FontProperties(fname=files[name])
    return None
