"""The words that statements are made of besides names, in lower case."""

__all__ = ["FUNCTIONS", "KEYWORDS", "OUTPUT_NAMES", "SUBQUERY_NAMES"]

_KEYWORDS = """
    all and any asc between by case collate cross current current_date current_timestamp desc distinct else
    end escape except exists false filter first following full glob group having ilike in inner intersect
    interval is join last lateral left like limit natural not null nulls offset on or order outer over
    partition preceding range recursive regexp right row rows select similar then to true unbounded union
    using values when where window within
    """
_FUNCTIONS = """
    abs avg cast ceil ceiling coalesce concat count cume_dist date date_add date_diff date_format date_part
    date_sub date_trunc datediff datetime day dense_rank exp extract first_value floor group_concat hour if
    ifnull iif instr isnull julianday lag last_value lead left length ln log lower ltrim max median min minute
    mod month nth_value ntile nullif percent_rank power printf quarter rank replace right round row_number
    rtrim second sqrt strftime string_agg substr substring sum time timestampdiff to_char to_date total trim
    trunc typeof unixepoch upper year
    """

KEYWORDS = frozenset(_KEYWORDS.split()) | {"as", "from", "with"}
FUNCTIONS = frozenset(_FUNCTIONS.split())
# What models call a subquery; one letter with up to two digits besides.
SUBQUERY_NAMES = frozenset(["cte", "ranked", "result", "results", "sub", "subquery", "temp", "tmp"])
# What models call a result that they sort by later, alone or as the beginning of a longer name.
OUTPUT_NAMES = frozenset(
    ["average", "avg", "cnt", "count", "diff", "max", "min", "num", "number", "ratio", "rn", "sum", "total"]
)
