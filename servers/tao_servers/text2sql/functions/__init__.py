"""Which functions a statement may call, by dialect: plain data that rules and engines read alike."""

from tao_servers.text2sql.functions.lists import (
    in_from,
    scalar,
    settings,
    system_columns,
    system_tables,
    telling,
)

__all__ = ["in_from", "scalar", "settings", "system_columns", "system_tables", "telling"]
