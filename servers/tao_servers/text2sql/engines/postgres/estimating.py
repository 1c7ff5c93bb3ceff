"""About how much work a statement is, by EXPLAIN."""

import json

from tao_servers.text2sql.engines.postgres.running import check_text
from tao_servers.text2sql.engines.postgres.session import Session
from tao_servers.text2sql.engines.postgres.wording import kind_of

__all__ = ["expected_rows"]

_COST_OF_A_ROW = 0.01
# The planner's cost, counted in rows: pages would count as hundreds of rows each though most are in memory,
# and a cursor never runs in parallel.
_SETTINGS = f"""SELECT pg_catalog.set_config(name, value, true) FROM (VALUES
('cpu_tuple_cost', '{_COST_OF_A_ROW}'), ('seq_page_cost', '0.02'), ('random_page_cost', '0.02'),
('max_parallel_workers_per_gather', '0'), ('jit', 'off')) AS settings(name, value)"""


def expected_rows(session: Session, sql: str) -> float | None:
    """The planner's total cost in rows, which counts pairs that a join compares and then drops.

    A LIMIT is taken into account, as the planner does. None: it is no query.
    """
    check_text(sql)
    if kind_of(sql) != "query":
        return None
    session.rows(_SETTINGS)
    plan = session.rows(f"EXPLAIN (FORMAT JSON) {sql}")
    top = json.loads(str(plan[0][0]))[0]["Plan"]
    return max(float(top["Total Cost"]) / _COST_OF_A_ROW, float(top["Plan Rows"]))
