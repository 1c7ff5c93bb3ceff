"""What was found about a statement that has not run."""

from collections.abc import Iterator

from pydantic import BaseModel, Field

from tao_servers.text2sql.answers.fitting import LONGEST_HEADING, cut, first_short
from tao_servers.text2sql.one_line import one_line

__all__ = ["CheckResult", "ProblemDetail", "report"]

_MOST_TABLES = (40, 10, 3)


class ProblemDetail(BaseModel):
    """Something that keeps a statement from running."""

    rule: str
    text: str


class CheckResult(BaseModel):
    """Whether a statement may run, and what to know before."""

    ok: bool
    problems: list[ProblemDetail] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)
    tables: list[str] = Field(default_factory=list, description="Tables that it reads")
    expected_rows: float | None = Field(default=None, description="Rows that the plan goes through, about")


def report(
    problems: list[ProblemDetail], warnings: list[str], tables: list[str], expected: float | None
) -> tuple[str, CheckResult]:
    """The verdict in words and as a value."""
    problems = [ProblemDetail(rule=p.rule, text=cut(p.text, 600)) for p in problems[:5]]
    value = CheckResult(
        ok=not problems,
        problems=problems,
        warnings=[cut(warning, 300) for warning in warnings[:5]],
        tables=[one_line(name, LONGEST_HEADING) for name in tables],
        expected_rows=expected,
    )
    return first_short(_forms(value))


def _forms(value: CheckResult) -> Iterator[tuple[str, CheckResult]]:
    for most in _MOST_TABLES:
        shown = value.model_copy(update={"tables": value.tables[:most]})
        yield _told(shown), shown


def _told(value: CheckResult) -> str:
    lines = [f"Not yet: {p.text} (rule: {p.rule})" for p in value.problems] or ["It may run."]
    lines += [f"Mind: {warning}" for warning in value.warnings]
    if value.tables:
        lines.append(f"It reads {', '.join(value.tables)}.")
    if value.expected_rows is not None:
        lines.append(f"The plan goes through about {value.expected_rows:,.0f} rows.")
    return "\n".join(lines)
