"""What the user sees of an answer: what it says, what it assumes, what else may have been meant."""

from tao_servers.text2sql.explaining.assuming import assumptions
from tao_servers.text2sql.explaining.clarifying import question_back
from tao_servers.text2sql.explaining.describing import answer_sentence, families_of, headings
from tao_servers.text2sql.explaining.formatting import formatted
from tao_servers.text2sql.explaining.reading import reading_of

__all__ = [
    "answer_sentence",
    "assumptions",
    "families_of",
    "formatted",
    "headings",
    "question_back",
    "reading_of",
]
