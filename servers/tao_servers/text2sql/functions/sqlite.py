"""SQLite: which functions, PRAGMAs and system tables a statement may use; rules and engine read the same.

Source: the function lists of sqlite.org/lang.html. Left out on purpose: what reads files or loads code
(`load_extension`, `readfile`, `edit`, `fts3_tokenizer`), what only fills memory (`zeroblob`, `randomblob`)
and what tells of the statement before (`changes`, `last_insert_rowid`). Of the PRAGMAs: what names
files (`database_list`), takes long (`integrity_check`) or works on the file (`optimize`, `wal_checkpoint`).
"""

__all__ = [
    "LONGEST_VALUES",
    "PRAGMAS",
    "PRAGMAS_ABOUT",
    "SCALAR_FUNCTIONS",
    "SYSTEM_TABLES",
    "TABLE_FUNCTIONS",
    "TELLING_FUNCTIONS",
    "is_system_table",
]

_CORE = """
    abs char coalesce concat concat_ws format glob hex if ifnull iif instr length like likelihood likely
    lower ltrim max min nullif octet_length printf quote random replace round rtrim sign soundex
    sqlite_version substr substring trim typeof unhex unicode unistr unlikely upper
"""
_DATE = """
    current_date current_time current_timestamp date datetime julianday strftime time timediff unixepoch
"""
_AGGREGATE = """
    avg count group_concat max median min percentile percentile_cont percentile_disc string_agg sum total
"""
_WINDOW = """
    cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number
"""
_MATH = """
    acos acosh asin asinh atan atan2 atanh ceil ceiling cos cosh degrees exp floor ln log log10 log2 mod pi
    pow power radians sin sinh sqrt tan tanh trunc
"""
_JSON = """
    -> ->> json json_array json_array_insert json_array_length json_error_position json_extract
    json_group_array json_group_object json_insert json_object json_patch json_pretty json_quote json_remove
    json_replace json_set json_type json_valid
"""
_TEXT_SEARCH = "bm25 highlight match snippet"

SCALAR_FUNCTIONS = frozenset(
    " ".join((_CORE, _DATE, _AGGREGATE, _WINDOW, _MATH, _JSON, _TEXT_SEARCH)).split()
)
# Longest value, in bytes, in a statement that calls one of these. Their time grows with the square of it, or
# with the pattern times it: one call takes about 10 ms so, where 1,000,000 bytes took seconds to minutes.
LONGEST_VALUES = (
    dict.fromkeys(_JSON.split(), 200_000)
    | dict.fromkeys(("glob", "like"), 60_000)
    | dict.fromkeys(("instr", "ltrim", "replace", "rtrim", "trim"), 30_000)
    | {"json_patch": 10_000}
)
_JSON_COLUMNS = ("key", "value", "type", "atom", "id", "parent", "fullkey", "path", "json", "root")
# Each with the columns that it gives.
TABLE_FUNCTIONS = {"json_each": _JSON_COLUMNS, "json_tree": _JSON_COLUMNS}

# What a PRAGMA tells of the file; with a value it would be set.
PRAGMAS = frozenset(
    {"application_id", "collation_list", "encoding", "foreign_keys", "freelist_count", "journal_mode"}
    | {"page_count", "page_size", "schema_version", "table_list", "user_version"}
)
# What a PRAGMA tells of the table or index that it is asked about.
PRAGMAS_ABOUT = frozenset(
    {"foreign_key_list", "index_info", "index_list", "index_xinfo", "table_info", "table_list", "table_xinfo"}
)
_COLUMNS_OF = ("cid", "name", "type", "notnull", "dflt_value", "pk")
_INDEX = ("seqno", "cid", "name")
TELLING_FUNCTIONS: dict[str, tuple[str, ...]] = {
    "pragma_foreign_key_list": ("id", "seq", "table", "from", "to", "on_update", "on_delete", "match"),
    "pragma_index_info": _INDEX,
    "pragma_index_list": ("seq", "name", "unique", "origin", "partial"),
    "pragma_index_xinfo": (*_INDEX, "desc", "coll", "key"),
    "pragma_table_info": _COLUMNS_OF,
    "pragma_table_list": ("schema", "name", "type", "ncol", "wr", "strict"),
    "pragma_table_xinfo": (*_COLUMNS_OF, "hidden"),
}
_MASTER = {"sqlite_master", "sqlite_schema"}
SYSTEM_TABLES = {"": frozenset({*_MASTER, "pragma_table_list"}), "main": frozenset(_MASTER)}


def is_system_table(name: str) -> bool:
    """Whether a table tells of the engine and not of the data."""
    lowered = name.lower()
    return lowered.startswith(("sqlite_", "pragma_")) or lowered in {"dbstat", "bytecode", "tables_used"}
