"""The parts that a query may be made of; what is not named here is refused, whatever it does.

This module imports sqlglot.
"""

from collections.abc import Iterable

from sqlglot import exp

__all__ = ["unknown_part"]

_QUERIES = """
    CTE Except From Group GroupingSets Cube Rollup Having Intersect Join Lateral Limit LimitOptions Fetch
    Offset Order Ordered Paren Qualify RecursiveWithSearch Select Subquery Table TableAlias TableSample
    Union Unnest Values Where Window WindowSpec With WithinGroup Pivot PivotAlias UnpivotColumns
    IndexTableHint Filter Distinct IgnoreNulls RespectNulls
"""
_NAMES = "Alias Column ColumnDef Dot Identifier Kwarg Lambda PropertyEQ Star Var Variadic Operator"
_VALUES = """
    Array BitString Boolean Bracket ByteString Comprehension HexString Interval IntervalSpan Introducer
    Literal Map National Null Slice Struct ToMap Tuple
"""
_OPERATORS = """
    Abs Add Adjacent All And Any ArrayContainedBy ArrayContainsAll ArrayOverlaps AtTimeZone Between
    BitwiseAnd BitwiseLeftShift BitwiseNot BitwiseOr BitwiseRightShift BitwiseXor Case Cbrt Collate Concat
    DPipe Distance Div EQ Escape Exists GT GTE Glob ILike If In IntDiv Is LT LTE Like Match Mod Mul NEQ Neg
    Not NullSafeEQ NullSafeNEQ Or Overlaps Pow RegexpILike RegexpLike SimilarTo Soundex Sqrt StartsWith Sub
    Xor
"""
_JSON = """
    FormatJson JSON JSONArrayContains JSONBContainsAllTopKeys JSONBContainsAnyTopKeys JSONBContainsTopKey
    JSONBDeleteAtPath JSONBExtract JSONBExtractScalar JSONBPathExists JSONColumnDef JSONExtract
    JSONExtractScalar JSONKeyValue JSONObject JSONSchema JSONTable JSONValue OnCondition ParseJSON
"""
_TYPES = "Cast TryCast CharacterSet DataType DataTypeParam ObjectIdentifier"
# Calls have the name that was written; these are the ones with a syntax of their own.
_CALLS = """
    Anonymous Chr Extract GroupConcat MatchAgainst Normalize Overlay StrPosition Substring Trim WeightString
    XMLElement XMLTable
"""
_WITHOUT_BRACKETS = """
    CurrentCatalog CurrentDate CurrentDatetime CurrentRole CurrentSchema CurrentTime CurrentTimestamp
    CurrentUser Localtime Localtimestamp SessionUser UtcDate UtcTime UtcTimestamp SessionParameter
"""
_EXPRESSIONS = f"{_NAMES} {_VALUES} {_OPERATORS} {_JSON} {_TYPES} {_CALLS} {_WITHOUT_BRACKETS}"
_ALLOWED = frozenset(getattr(exp, name) for name in f"{_QUERIES} {_EXPRESSIONS}".split())
_MODIFIERS = {"SQL_BIG_RESULT", "SQL_BUFFER_RESULT", "SQL_NO_CACHE", "SQL_SMALL_RESULT", "STRAIGHT_JOIN"}
_CHANGING = (
    exp.DML,
    exp.DDL,
    exp.Drop,
    exp.Alter,
    exp.Command,
    exp.Merge,
    exp.Set,
    exp.Transaction,
    exp.Into,
)


def unknown_part(nodes: Iterable[exp.Expr]) -> tuple[str, str] | None:
    """The first part that is not allowed: the rule that it breaks, and why."""
    for node in nodes:
        if type(node) not in _ALLOWED:
            return _refusal(node)
        modifiers = node.args.get("operation_modifiers") or () if isinstance(node, exp.Select) else ()
        for modifier in modifiers:
            if str(modifier).upper() not in _MODIFIERS:
                return "known syntax", f"{str(modifier)[:40]} is not allowed in a SELECT; leave it out."
    return None


def _refusal(node: exp.Expr) -> tuple[str, str]:
    name = type(node).__name__
    if isinstance(node, _CHANGING):
        return "only reading", f"{name.upper()} inside a SELECT is not allowed: only read."
    if isinstance(node, exp.Lock):
        return "only reading", "A SELECT must not lock what it reads; leave FOR UPDATE and the like out."
    if isinstance(node, exp.Placeholder | exp.Parameter):
        return (
            "no parameters",
            "Write the values themselves; parameters and variables such as ? or :name have none here.",
        )
    if isinstance(node, exp.Describe | exp.Summarize):
        return "known syntax", f"Send {name.upper()} as a statement of its own, not inside another."
    return "known syntax", f"{name} is not understood here; write it in a plainer way."
