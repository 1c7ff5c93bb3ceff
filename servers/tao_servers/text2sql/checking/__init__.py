"""Decides by a list of named rules whether a statement may run, before its database sees it."""

from tao_servers.text2sql.checking.checks import RULES, check, problems
from tao_servers.text2sql.checking.result import Checked, Problem

__all__ = ["RULES", "Checked", "Problem", "check", "problems"]
