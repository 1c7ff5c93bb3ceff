"""What the tools return: models, and the text that says the same."""

from tao_servers.text2sql.answers.checks import CheckResult, ProblemDetail, report
from tao_servers.text2sql.answers.columns import TableDetail, describe
from tao_servers.text2sql.answers.rows import QueryResult, present
from tao_servers.text2sql.answers.tables import Listed, TableList, summarize
from tao_servers.text2sql.answers.values import FoundValue, ValueList, listed_values

__all__ = [
    "CheckResult",
    "FoundValue",
    "Listed",
    "ProblemDetail",
    "QueryResult",
    "TableDetail",
    "TableList",
    "ValueList",
    "describe",
    "listed_values",
    "present",
    "report",
    "summarize",
]
