"""How good answers are, judged by a language model: the metrics of RAGAS (arXiv 2309.15217)."""

from tao_servers.knowledge.evaluating.answers.judge import Judge, judge_all
from tao_servers.knowledge.evaluating.answers.records import Record, RecordError, read_records
from tao_servers.knowledge.evaluating.answers.scores import ALL, Metric, Score, Scores
from tao_servers.knowledge.evaluating.answers.summary import MetricSummary, summarise

__all__ = [
    "ALL",
    "Judge",
    "Metric",
    "MetricSummary",
    "Record",
    "RecordError",
    "Score",
    "Scores",
    "judge_all",
    "read_records",
    "summarise",
]
