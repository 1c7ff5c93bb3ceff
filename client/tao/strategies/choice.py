"""Makes the strategy that the settings name."""

from collections.abc import Sequence

from tao.dialects import Dialect
from tao.settings import AgentSettings
from tao.strategies.combined import CotScThenReact, ReactThenCotSc
from tao.strategies.cot import Cot, CotSc
from tao.strategies.direct import Direct
from tao.strategies.limits import Limits
from tao.strategies.react import React
from tao.strategies.run import Strategy
from tao.toolbox.tool import Toolbox

__all__ = ["make_strategy"]


def make_strategy(settings: AgentSettings, toolbox: Toolbox | None, dialects: Sequence[Dialect]) -> Strategy:
    """The strategy `settings.strategy`; without a toolbox, acting becomes asking the model alone."""
    cot_sc = CotSc(timeout=settings.timeout, samples=settings.samples)
    if settings.strategy == "cot":
        return Cot(timeout=settings.timeout)
    if settings.strategy == "cot_sc":
        return cot_sc
    if toolbox is None:
        return Direct(timeout=settings.timeout)
    limits = Limits.of(settings)
    react = React(toolbox, dialects, limits)
    if settings.strategy == "react>cot_sc":
        return ReactThenCotSc(react, cot_sc, last_word=limits.last_word)
    if settings.strategy == "cot_sc>react":
        return CotScThenReact(cot_sc, react)
    return react
