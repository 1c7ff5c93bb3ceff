"""MySQL and MariaDB: which functions, variables and tables of information_schema a statement may use.

Source: the built-in functions of the MySQL 8.4 reference manual and of the MariaDB 11.4 knowledge base. Left
out on purpose:
- files (load_file), waiting and locks (sleep, benchmark, get_lock, release_lock, is_used_lock);
- replication and the binary log (source_pos_wait, master_gtid_wait, wait_for_executed_gtid_set);
- what stays after the statement or tells of the one before (last_insert_id, found_rows, nextval);
- what tells of other sessions or of the server's inside (ps_thread_id, uuid_short, format_pico_time);
- loadable functions (sys_exec), whatever they are called: the settings may name harmless ones.
"""

__all__ = ["SCALAR_FUNCTIONS", "SETTINGS", "SYSTEM_TABLES", "TABLE_FUNCTIONS"]

_FLOW = """
    case coalesce decode_oracle field greatest if ifnull interval isnull least nullif nvl nvl2 values
"""
_AGGREGATE = """
    any_value approx_count_distinct avg bit_and bit_or bit_xor count group_concat grouping json_arrayagg
    json_objectagg max median min percentile_cont percentile_disc std stddev stddev_pop stddev_samp sum
    var_pop var_samp variance
"""
_WINDOW = """
    cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number
"""
_MATH = """
    abs acos asin atan atan2 bit_count ceil ceiling conv cos cot crc32 crc32c degrees div exp floor ln log
    log10 log2 mod pi pow power radians rand round sign sin sqrt tan truncate
"""
_TEXT = """
    ascii bin bit_length char char_length character_length chr concat concat_ws convert elt export_set
    find_in_set format from_base64 hex insert instr lcase left length lengthb locate lower lpad ltrim
    make_set mid natural_sort_key oct octet_length ord position quote regexp_instr regexp_like
    regexp_replace regexp_substr repeat replace reverse right rpad rtrim sformat soundex space strcmp
    substr substring substring_index to_base64 to_char trim trim_oracle ucase unhex upper weight_string
"""
_DATE = """
    add_months adddate addtime convert_tz curdate current_date current_time current_timestamp curtime date
    date_add date_format date_sub datediff day dayname dayofmonth dayofweek dayofyear extract from_days
    from_unixtime get_format hour last_day localtime localtimestamp makedate maketime microsecond minute
    month monthname now period_add period_diff quarter sec_to_time second str_to_date subdate subtime
    sysdate time time_format time_to_sec timediff timestamp timestampadd timestampdiff to_days to_seconds
    unix_timestamp utc_date utc_time utc_timestamp week weekday weekofyear year yearweek
"""
_JSON = """
    json_array json_array_append json_array_insert json_array_intersect json_compact json_contains
    json_contains_path json_depth json_detailed json_equals json_exists json_extract json_insert
    json_key_value json_keys json_length json_loose json_merge json_merge_patch json_merge_preserve
    json_normalize json_object json_object_filter_keys json_object_to_array json_overlaps json_pretty
    json_query json_quote json_remove json_replace json_schema_valid json_schema_validation_report
    json_search json_set json_storage_size json_table json_type json_unquote json_valid json_value
"""
_BINARY = """
    aes_decrypt aes_encrypt compress crc32 inet6_aton inet6_ntoa inet_aton inet_ntoa is_ipv4 is_ipv4_compat
    is_ipv4_mapped is_ipv6 is_uuid md5 random_bytes sha sha1 sha2 uncompress uncompressed_length uuid
    uuid_to_bin bin_to_uuid cast binary
"""
_XML = "extractvalue"
_SEARCH = "match against"
_SPATIAL = """
    linestring multilinestring multipoint multipolygon point polygon geometrycollection mbrcontains
    mbrcoveredby mbrcovers mbrdisjoint mbrequals mbrintersects mbroverlaps mbrtouches mbrwithin st_area
    st_asbinary st_asgeojson st_astext st_aswkb st_aswkt st_buffer st_buffer_strategy st_centroid
    st_contains st_convexhull st_crosses st_difference st_dimension st_disjoint st_distance
    st_distance_sphere st_endpoint st_envelope st_equals st_exteriorring st_geohash st_geomcollfromtext
    st_geometryn st_geometrytype st_geomfromgeojson st_geomfromtext st_geomfromwkb st_interiorringn
    st_intersection st_intersects st_isclosed st_isempty st_issimple st_isvalid st_latfromgeohash
    st_latitude st_length st_linefromtext st_longfromgeohash st_longitude st_makeenvelope st_numgeometries
    st_numinteriorrings st_numpoints st_overlaps st_pointfromgeohash st_pointfromtext st_pointn
    st_polyfromtext st_simplify st_srid st_startpoint st_swapxy st_symdifference st_touches st_transform
    st_union st_validate st_within st_x st_y
"""
_VECTOR = """
    distance string_to_vector to_vector vec_distance vec_fromtext vec_totext vector_dim vector_to_string
"""
_SESSION = """
    charset coercibility collation connection_id current_role current_user database schema session_user
    system_user user version
"""

SCALAR_FUNCTIONS = frozenset(
    f"{_FLOW} {_AGGREGATE} {_WINDOW} {_MATH} {_TEXT} {_DATE} {_JSON} {_BINARY} {_XML} {_SEARCH} {_SPATIAL}"
    f" {_VECTOR} {_SESSION}".split()
)
TABLE_FUNCTIONS: dict[str, tuple[str, ...]] = {"json_table": ()}

# Asked for as @@name.
_SETTINGS = """
    autocommit character_set_client character_set_connection character_set_database character_set_results
    character_set_server collation_connection collation_database collation_server default_week_format
    div_precision_increment foreign_key_checks group_concat_max_len lc_time_names lower_case_table_names
    max_allowed_packet sql_mode system_time_zone time_zone transaction_isolation transaction_read_only
    tx_isolation version version_comment version_compile_machine version_compile_os
"""
SETTINGS = frozenset(_SETTINGS.split())

_INFORMATION = """
    character_sets check_constraints collation_character_set_applicability collations columns engines
    key_column_usage keywords parameters partitions referential_constraints routines schemata statistics
    table_constraints tables tables_extensions triggers views
"""
SYSTEM_TABLES = {"information_schema": frozenset(_INFORMATION.split())}
