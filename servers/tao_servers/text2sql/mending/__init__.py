"""Makes the names in a statement real: what a model garbled is written as the schema has it."""

from tao_servers.text2sql.mending.fractions import asks_for_ratio, with_fractions
from tao_servers.text2sql.mending.mended import STEPS, Mended, mend
from tao_servers.text2sql.mending.today import on_day

__all__ = ["STEPS", "Mended", "asks_for_ratio", "mend", "on_day", "with_fractions"]
