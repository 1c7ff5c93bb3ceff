"""PostgreSQL: what is loaded when, and what is said when the driver is missing."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.real

_MAKE = """
import sys
from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines.postgres import PostgresEngine
engine = PostgresEngine(Database("shop", "postgresql://reader@127.0.0.1:1/shop"))
"""


def _run(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, encoding="utf-8", timeout=60
    ).stdout


def test_no_driver_is_loaded_before_the_first_call() -> None:
    loaded = "sys.stdout.write(repr({'psycopg', 'sqlalchemy'} & set(sys.modules)))"
    assert _run(_MAKE + loaded) == "set()"


@pytest.mark.parametrize("missing", ["psycopg", "sqlalchemy"])
def test_a_missing_driver_is_named_with_what_brings_it(missing: str) -> None:
    code = f"""
sys.modules[{missing!r}] = None
try:
    engine.prove()
except Exception as exc:
    sys.stdout.write(f"{{type(exc).__name__}} {{exc}}")
"""
    said = _run(_MAKE + code)
    assert said.startswith(f"SetupError The package '{missing}' is not installed")
    assert "tao-agent[text2sql]" in said
