"""Names as a statement has them: in quotes where they need them."""

import re

from tao_servers.text2sql.schema import Dialect

__all__ = ["identifier"]

# As SQLite 3.40, DuckDB 2.0 and MariaDB 10.11 refuse them, tried one by one, and as PostgreSQL 18 lists
# them. Those of MySQL itself were not tried; a word too many is only quoted without need.
_RESERVED_BY_ALL = """
    all and as case check collate constraint create default distinct else except foreign from group
    having in intersect into is join limit not null on or order primary references returning select
    table then to union unique using when where
    """
_RESERVED_BESIDES: dict[Dialect, str] = {
    "sqlite": """
    add alter autoincrement between cast commit deferrable delete drop escape exists if index insert
    isnull nothing notnull raise set transaction update values
    """,
    "duckdb": """
    analyse analyze anti any array asc asof asymmetric at authorization binary both by cast collation
    column concurrently cross deferrable desc describe do end false fetch for freeze full glob ilike
    initially inner isnull lambda lateral leading left like natural notnull offset only outer overlaps
    pivot pivot_longer pivot_wider placing positional qualify right semi show similar some summarize
    symmetric tablesample trailing true unpack unpivot variadic verbose window with
    """,
    "postgres": """
    analyse analyze any array asc asymmetric authorization binary both cast collation column
    concurrently cross current_catalog current_date current_role current_schema current_time
    current_timestamp current_user deferrable desc do end false fetch for freeze full grant ilike
    initially inner isnull lateral leading left like localtime localtimestamp natural notnull offset
    only outer overlaps placing right session_user similar some symmetric system_user tablesample
    trailing true user variadic verbose window with
    """,
    "mysql": """
    accessible add alter analyze asc asensitive before between bigint binary blob both by call cascade
    change char character column condition continue convert cross cube cume_dist current_date
    current_role current_time current_timestamp current_user cursor database databases day_hour
    day_microsecond day_minute day_second dec decimal declare delayed delete delete_domain_id dense_rank
    desc describe deterministic distinctrow div do_domain_ids double drop dual each elseif empty
    enclosed escaped exists exit explain false fetch first_value float float4 float8 for force fulltext
    function generated get grant grouping groups high_priority hour_microsecond hour_minute hour_second
    if ignore ignore_domain_ids index infile inner inout insensitive insert int int1 int2 int3 int4 int8
    integer interval io_after_gtids io_before_gtids iterate json_table key keys kill lag last_value
    lateral lead leading leave left like linear lines load localtime localtimestamp lock long longblob
    longtext loop low_priority manual master_bind master_demote_to_replica master_demote_to_slave
    master_ssl_verify_server_cert match maxvalue mediumblob mediumint mediumtext middleint
    minute_microsecond minute_second mod modifies natural no_write_to_binlog nth_value ntile numeric of
    offset optimize optimizer_costs option optionally out outer outfile over page_checksum parallel
    parse_vcol_expr partition percent_rank portion precision procedure purge qualify range rank read
    read_write reads real recursive ref_system_id regexp release rename repeat replace require resignal
    restrict return revoke right rlike row row_number rows schema schemas second_microsecond sensitive
    separator set show signal smallint spatial specific sql sql_big_result sql_calc_found_rows
    sql_small_result sqlexception sqlstate sqlwarning ssl starting stats_auto_recalc stats_persistent
    stats_sample_pages stored straight_join system tablesample terminated tinyblob tinyint tinytext
    trailing trigger true undo unlock unsigned update usage use utc_date utc_time utc_timestamp values
    varbinary varchar varcharacter varying virtual while window with write xor year_month zerofill
    """,
}
# Names to the databases, but not to the parser that the rules read with (sqlglot 30).
_REFUSED_BY_PARSER: dict[Dialect, str] = {
    "sqlite": """
    any cross cube describe fetch for glob grant ilike inner lateral like lock offset outer partitioned_by
    qualify regexp revoke rlike rollback rollup tablesample uncache window with xor
    """,
    "duckdb": """
    alter between cube drop force grant if insert install lock map partitioned_by regexp revoke rlike
    rollback rollup uncache values xor
    """,
    "postgres": """
    alter between cube describe drop glob if insert lock partitioned_by qualify regexp revoke rlike rollback
    rollup uncache values xor
    """,
    "mysql": """
    _ascii _binary _eucjpms _euckr _gbk _greek _hebrew _macce _macroman _sjis _ujis any charset glob ilike
    notnull partitioned_by rollback rollup uncache
    """,
}
_RESERVED = {
    dialect: frozenset(f"{_RESERVED_BY_ALL} {besides} {_REFUSED_BY_PARSER[dialect]}".split())
    for dialect, besides in _RESERVED_BESIDES.items()
}
_PLAIN = re.compile(r"[^\W\d]\w*")


def identifier(name: str, dialect: Dialect) -> str:
    """`name` as an identifier, quoted when it is a reserved word or has more than letters, digits and `_`.

    PostgreSQL folds what is not quoted to lower case, so there capitals need quotes as well.
    """
    plain = _PLAIN.fullmatch(name) is not None and name.lower() not in _RESERVED[dialect]
    if plain and not (dialect == "postgres" and name != name.lower()) and max(name) <= "\uffff":
        return name
    quote = "`" if dialect == "mysql" else '"'
    return quote + name.replace(quote, quote * 2) + quote
