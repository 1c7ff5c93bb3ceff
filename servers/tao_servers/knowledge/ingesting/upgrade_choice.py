"""Whether a collection is upgraded without being asked to."""

from tao_servers.knowledge.index.strength import Totals

__all__ = ["upgraded_by_itself"]

# The stronger of the bundled embedders makes some seven vectors a second on two cores: seven minutes.
_MOST_CHUNKS = 3000


def upgraded_by_itself(totals: Totals) -> bool:
    """Whether the time is bearable: a small collection, or one of which most is upgraded already."""
    return totals.indexed <= _MOST_CHUNKS or 2 * totals.upgraded >= totals.indexed
