"""How a question is worked at: by acting (`React`), or from the model's own knowledge (`Direct`)."""

from tao.strategies.direct import Direct
from tao.strategies.react import React
from tao.strategies.run import Run, Strategy

__all__ = ["Direct", "React", "Run", "Strategy"]
