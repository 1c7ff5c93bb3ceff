"""What `ask_database` returns."""

from typing import Any

from pydantic import BaseModel, Field

from tao_servers.text2sql.limits import Cell

__all__ = ["Alternative", "AskResult"]


class Alternative(BaseModel):
    """Another statement, for what the question may mean as well."""

    sql: str
    reading: str = Field(description="What it asks, in words")
    row_count: int
    votes: int = Field(description="Attempts with this result")


class AskResult(BaseModel):
    """The answer to a question."""

    answer: str
    sql: str | None = None
    columns: list[str] = Field(default_factory=list)
    rows: list[list[Cell]] = Field(default_factory=list)
    row_count: int = Field(default=0, description="Rows found; at least so many when truncated")
    truncated: bool = Field(default=False, description="Whether rows are missing here")
    confidence: float = Field(default=0.0, description="0 to 1")
    assumptions: list[str] = Field(default_factory=list)
    alternatives: list[Alternative] = Field(default_factory=list)
    chart: dict[str, Any] | None = Field(default=None, description="Vega-Lite")
    ambiguous: bool = False
    question_back: str | None = Field(default=None, description="To ask the user when ambiguous")
    tables: list[str] = Field(default_factory=list, description="Read by the SQL")
    csv: str | None = Field(default=None, description="URI of a resource with all rows")
    note: str | None = Field(default=None, description="What is missing, or to do next")
