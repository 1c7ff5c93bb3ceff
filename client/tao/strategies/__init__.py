"""How a question is worked at: by acting, by thinking, or by both."""

from tao.strategies.choice import make_strategy
from tao.strategies.combined import CotScThenReact, ReactThenCotSc
from tao.strategies.cot import Cot, CotSc
from tao.strategies.direct import Direct
from tao.strategies.limits import Limits
from tao.strategies.react import React
from tao.strategies.run import Run, Strategy

__all__ = [
    "Cot",
    "CotSc",
    "CotScThenReact",
    "Direct",
    "Limits",
    "React",
    "ReactThenCotSc",
    "Run",
    "Strategy",
    "make_strategy",
]
