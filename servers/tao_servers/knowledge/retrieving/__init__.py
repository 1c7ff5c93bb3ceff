"""From a question to passages: rewrite, dense, keyword, fuse, filter, rerank, diversify, cut."""

from tao_servers.knowledge.retrieving.candidates import Candidate, Stage
from tao_servers.knowledge.retrieving.matches import Match
from tao_servers.knowledge.retrieving.searcher import STAGES, Searcher
from tao_servers.knowledge.retrieving.where import Where, WhereError, parse_where

__all__ = ["STAGES", "Candidate", "Match", "Searcher", "Stage", "Where", "WhereError", "parse_where"]
