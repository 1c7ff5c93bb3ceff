"""The providers of weather, behind one protocol; `Weather` asks them in order.

`fetch` is how they are asked: through `cache`, one at a time (`flights`), within `rates`, by `exchange`.
"""

from tao_servers.weather.sources.chain import Answer, Weather
from tao_servers.weather.sources.rates import Rates

__all__ = ["Answer", "Rates", "Weather"]
