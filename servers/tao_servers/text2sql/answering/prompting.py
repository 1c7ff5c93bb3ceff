"""What a model is told: what stays the same for a database comes first, so that it is read only once."""

from collections.abc import Sequence

from tao.models.chat import Message
from tao_prompts import render
from tao_servers.text2sql.answering.candidate import Candidate
from tao_servers.text2sql.answering.hinting import hints
from tao_servers.text2sql.answering.task import Task
from tao_servers.text2sql.examples import Example
from tao_servers.text2sql.one_line import one_line
from tao_servers.text2sql.schema import Dialect

__all__ = ["messages", "messages_to_choose", "messages_to_repair", "prompt_to_judge"]

_NAMES: dict[Dialect, str] = {
    "sqlite": "SQLite",
    "duckdb": "DuckDB",
    "postgres": "PostgreSQL",
    "mysql": "MySQL",
}
_PROBLEM = 400
_SQL = 2_000
_EMPTY = {"zh": "它没有查到任何值。", "en": "it finds nothing."}
_ROWS = 3
_CELL = 40


def messages(task: Task, *, hinted: bool = True) -> list[Message]:
    """The request for a statement; `hinted` adds what linking found."""
    language = task.language
    dialect = task.schema.dialect
    # How its functions for dates are called is of use only where there are dates.
    rules = render(f"text2sql/{dialect}", language, {}) if task.has_times else ""
    system = render("text2sql/write", language, {"dialect": _NAMES[dialect], "rules": rules}).rstrip()
    said = [" ".join(task.notes.split())] if task.notes else []
    said += hints(task) if hinted else []
    label, joiner = ("说明：", "；") if language == "zh" else ("Notes: ", "; ")
    values = {
        "tables": task.shown,
        "examples": _pairs([*task.illustrations, *task.examples], task),
        "notes": f"{label}{joiner.join(said)}\n" if said else "",
        "question": task.question,
    }
    return [Message("system", system), Message("user", render("text2sql/question", language, values))]


def messages_to_repair(task: Task, candidate: Candidate, *, hinted: bool = True) -> list[Message]:
    """The request to write a statement anew, with what was wrong with one."""
    told = render(
        "text2sql/repair", task.language, {"problem": one_line(_against(candidate, task), _PROBLEM)}
    )
    return [
        *messages(task, hinted=hinted),
        Message("assistant", candidate.sql[:_SQL]),
        Message("user", told),
    ]


def messages_to_choose(task: Task, candidates: Sequence[Candidate], *, hinted: bool = True) -> list[Message]:
    """The question which of several statements answers the question."""
    first, *others = (candidate.sql[:_SQL] for candidate in candidates)
    listed = "\n".join(f"{number}. {one_line(sql, _SQL)}" for number, sql in enumerate(others, start=2))
    return [
        *messages(task, hinted=hinted),
        Message("assistant", first),
        Message("user", render("text2sql/choose", task.language, {"others": listed})),
    ]


def _against(candidate: Candidate, task: Task) -> str:
    if candidate.problem is not None:
        return candidate.problem.text
    found = [_EMPTY[task.language]] if candidate.is_empty else []
    return " ".join([*found, *candidate.standing, *(candidate.checked.warnings if candidate.checked else ())])


def prompt_to_judge(task: Task, candidate: Candidate) -> str:
    """The question whether a statement answers the question."""
    rows = candidate.rows.rows[:_ROWS] if candidate.rows else []
    shown = "; ".join(", ".join(one_line(str(cell), _CELL) for cell in row) for row in rows)
    values = {"tables": task.shown, "question": task.question, "sql": candidate.sql, "rows": shown or "-"}
    return render("text2sql/judge", task.language, values)


def _pairs(examples: Sequence[Example], task: Task) -> str:
    label = "问：" if task.language == "zh" else "Question: "
    return "\n".join(f"{label}{one.question}\n{one.sql}" for one in examples) or "-"
