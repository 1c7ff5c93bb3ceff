"""PostgreSQL: which functions, settings and views of the catalogue a statement may use.

Source: pg_proc of PostgreSQL 18.4, gone through by hand; functions of older versions are among them. Of its
2,037 names that SQL can call these are what reads only its arguments or harmless facts of the session. Left
out on purpose:
- what runs SQL that is given as text (query_to_xml, table_to_xml, cursor_to_xml, ts_stat, ts_rewrite);
- files, large objects, the log, the WAL and replication (pg_read_file, pg_ls_dir, lo_get, pg_switch_wal);
- other sessions and their statements (pg_stat_get_activity, pg_cancel_backend, pg_locks);
- locks, sleeping, notifying (pg_advisory_lock, pg_sleep, pg_notify);
- what stays after the statement: sequences, settings, transaction numbers, the seed of random()
  (nextval, currval, set_config, pg_current_xact_id, pg_export_snapshot, setseed);
- the statistics, which hold values of columns that may be hidden (pg_stats, pg_mcv_list_items);
- what only the server calls: input, output, send, receive, operators' and indexes' own functions.
"""

__all__ = [
    "OPERATORS",
    "SCALAR_FUNCTIONS",
    "SETTINGS",
    "SYSTEM_TABLES",
    "TABLE_FUNCTIONS",
    "TELLING_FUNCTIONS",
]

# Written like calls, but parts of the language.
_LANGUAGE = """
    coalesce greatest grouping json json_array json_arrayagg json_exists json_object json_objectagg
    json_query json_scalar json_serialize json_value least normalize nullif overlay position treat xmlconcat
    xmlelement xmlexists xmlforest xmlparse xmlpi xmlroot xmlserialize
"""
_AGGREGATE = """
    any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp every
    json_agg json_agg_strict json_object_agg json_object_agg_strict json_object_agg_unique
    json_object_agg_unique_strict jsonb_agg jsonb_agg_strict jsonb_object_agg jsonb_object_agg_strict
    jsonb_object_agg_unique jsonb_object_agg_unique_strict max min mode percentile_cont percentile_disc
    range_agg range_intersect_agg regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx
    regr_sxy regr_syy stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance xmlagg
"""
_WINDOW = """
    cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number
"""
_MATH = """
    abs acos acosd acosh asin asind asinh atan atan2 atan2d atand atanh bit_count cbrt ceil ceiling cos cosd
    cosh cot cotd degrees div erf erfc exp factorial floor gamma gcd lcm lgamma ln log log10 min_scale mod
    pi pow power radians random random_normal round scale sign sin sind sinh sqrt tan tand tanh trim_scale
    trunc width_bucket
"""
_TEXT = """
    ascii bit_length btrim casefold char_length character_length chr concat concat_ws convert convert_from
    convert_to crc32 crc32c decode encode format initcap is_normalized left length like_escape lower lpad
    ltrim md5 octet_length parse_ident quote_ident quote_literal quote_nullable regexp_count regexp_instr
    regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table
    regexp_substr repeat replace reverse right rpad rtrim sha224 sha256 sha384 sha512 similar_escape
    similar_to_escape split_part starts_with string_to_array string_to_table strpos substr substring
     to_ascii to_bin to_hex to_oct translate trim unicode_assigned unistr upper
    get_bit get_byte set_bit set_byte
"""
_DATE = """
    age clock_timestamp date_add date_bin date_part date_subtract date_trunc extract isfinite justify_days
    justify_hours justify_interval make_date make_interval make_time make_timestamp make_timestamptz now
    overlaps statement_timestamp timeofday timezone to_char to_date to_number to_timestamp
    transaction_timestamp
"""
_JSON = """
    array_to_json json_array_elements json_array_elements_text json_array_length json_build_array
    json_build_object json_each json_each_text json_extract_path json_extract_path_text json_object_keys
    json_populate_record json_populate_recordset json_strip_nulls json_to_record json_to_recordset
    json_to_tsvector json_typeof jsonb_array_elements jsonb_array_elements_text jsonb_array_length
    jsonb_build_array jsonb_build_object jsonb_concat jsonb_contained jsonb_contains jsonb_delete
    jsonb_delete_path jsonb_each jsonb_each_text jsonb_exists jsonb_exists_all jsonb_exists_any
    jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_keys
    jsonb_path_exists jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz jsonb_path_query
    jsonb_path_query_array jsonb_path_query_array_tz jsonb_path_query_first jsonb_path_query_first_tz
    jsonb_path_query_tz jsonb_populate_record jsonb_populate_record_valid jsonb_populate_recordset
    jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record jsonb_to_recordset
    jsonb_to_tsvector jsonb_typeof row_to_json to_json to_jsonb
"""
_ARRAY = """
    array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position
    array_positions array_prepend array_remove array_replace array_reverse array_sample array_shuffle
    array_sort array_to_string array_to_tsvector array_upper cardinality generate_series
    generate_subscripts trim_array unnest
"""
_RANGE = """
    datemultirange daterange int4multirange int4range int8multirange int8range isempty lower_inc lower_inf
    multirange nummultirange numrange range_merge tsmultirange tsrange tstzmultirange tstzrange upper_inc
    upper_inf
"""
_ENUM = "enum_first enum_last enum_range"
_GEOMETRY = """
    area bound_box box center circle diagonal diameter height isclosed ishorizontal isopen isparallel isperp
    isvertical line lseg npoints path point polygon radius slope width
"""
_NETWORK = """
    abbrev broadcast family host hostmask inet_merge inet_same_family macaddr8_set7bit masklen netmask
    network set_masklen
"""
_TEXT_SEARCH = """
    get_current_ts_config numnode phraseto_tsquery plainto_tsquery querytree setweight strip to_tsquery
    to_tsvector ts_debug ts_delete ts_filter ts_headline ts_lexize ts_parse ts_rank ts_rank_cd
    ts_token_type tsquery_phrase tsvector_to_array websearch_to_tsquery
"""
_XML = """
    xml_is_well_formed xml_is_well_formed_content xml_is_well_formed_document xmlcomment xmltext xpath
    xpath_exists
"""
_IDENTITY = "gen_random_uuid uuid_extract_timestamp uuid_extract_version uuidv4 uuidv7"
_SESSION = """
    current_catalog current_database current_date current_role current_schema current_schemas
    current_setting current_time current_timestamp current_user getdatabaseencoding inet_client_addr
    inet_client_port inet_server_addr inet_server_port localtime localtimestamp num_nonnulls num_nulls
    pg_backend_pid pg_client_encoding pg_collation_for pg_column_compression pg_column_size
    pg_conf_load_time pg_is_in_recovery pg_listening_channels pg_postmaster_start_time pg_size_bytes
    pg_size_pretty pg_typeof session_user system_user user version
"""
# A type as a function is a cast.
_CAST = """
    bool bpchar bytea char date float4 float8 int2 int4 int8 interval jsonb money name numeric text time
    timestamp timestamptz timetz varbit varchar
"""

SCALAR_FUNCTIONS = frozenset(
    f"{_LANGUAGE} {_AGGREGATE} {_WINDOW} {_MATH} {_TEXT} {_DATE} {_JSON} {_ARRAY} {_RANGE} {_ENUM}"
    f" {_GEOMETRY} {_NETWORK} {_TEXT_SEARCH} {_XML} {_IDENTITY} {_SESSION} {_CAST}".split()
)
_PAIR = ("key", "value")
_DEBUG = ("alias", "description", "token", "dictionaries", "dictionary", "lexemes")
# A function that is not here may stand in FROM as well: it gives one column of its own name.
TABLE_FUNCTIONS: dict[str, tuple[str, ...]] = {
    "generate_series": ("generate_series",),
    "generate_subscripts": ("generate_subscripts",),
    "json_array_elements": ("value",),
    "json_array_elements_text": ("value",),
    "json_each": _PAIR,
    "json_each_text": _PAIR,
    "json_object_keys": ("json_object_keys",),
    "json_populate_record": (),
    "json_populate_recordset": (),
    "json_table": (),
    "json_to_record": (),
    "json_to_recordset": (),
    "jsonb_array_elements": ("value",),
    "jsonb_array_elements_text": ("value",),
    "jsonb_each": _PAIR,
    "jsonb_each_text": _PAIR,
    "jsonb_object_keys": ("jsonb_object_keys",),
    "jsonb_path_query": ("jsonb_path_query",),
    "jsonb_path_query_tz": ("jsonb_path_query_tz",),
    "jsonb_populate_record": (),
    "jsonb_populate_recordset": (),
    "jsonb_to_record": (),
    "jsonb_to_recordset": (),
    "regexp_matches": ("regexp_matches",),
    "regexp_split_to_table": ("regexp_split_to_table",),
    "string_to_table": ("string_to_table",),
    "ts_debug": _DEBUG,
    "ts_parse": ("tokid", "token"),
    "ts_token_type": ("tokid", "alias", "description"),
    "unnest": ("unnest", "lexeme", "positions", "weights"),
    "xmltable": (),
}
_ABOUT = """
    col_description current_schemas format_type has_any_column_privilege has_column_privilege
    has_database_privilege has_function_privilege has_schema_privilege has_sequence_privilege
    has_table_privilege has_tablespace_privilege has_type_privilege obj_description oidvectortypes
    pg_char_to_encoding pg_database_size pg_describe_object pg_encoding_to_char pg_function_is_visible
    pg_get_constraintdef pg_get_expr pg_get_function_arguments pg_get_function_identity_arguments
    pg_get_function_result pg_get_functiondef pg_get_indexdef pg_get_partition_constraintdef
    pg_get_partkeydef pg_get_ruledef pg_get_serial_sequence pg_get_statisticsobjdef pg_get_triggerdef
    pg_get_userbyid pg_get_viewdef pg_has_role
    pg_identify_object pg_index_column_has_property pg_index_has_property pg_indexes_size
    pg_input_is_valid pg_is_other_temp_schema pg_my_temp_schema pg_partition_root pg_relation_is_updatable
    pg_relation_size pg_table_is_visible pg_table_size pg_tablespace_size pg_total_relation_size
    pg_type_is_visible row_security_active shobj_description to_regclass to_regnamespace to_regproc
    to_regprocedure to_regtype
    pg_stat_get_dead_tuples pg_stat_get_last_analyze_time pg_stat_get_last_autoanalyze_time
    pg_stat_get_last_autovacuum_time pg_stat_get_last_vacuum_time pg_stat_get_live_tuples
    pg_stat_get_numscans pg_stat_get_tuples_deleted pg_stat_get_tuples_fetched pg_stat_get_tuples_inserted
    pg_stat_get_tuples_returned pg_stat_get_tuples_updated
"""
TELLING_FUNCTIONS: dict[str, tuple[str, ...]] = {name: (name,) for name in _ABOUT.split()} | {
    "aclexplode": ("grantor", "grantee", "privilege_type", "is_grantable"),
    "pg_get_keywords": ("word", "catcode", "barelabel", "catdesc", "baredesc"),
    "pg_input_error_info": ("message", "detail", "hint", "sql_error_code"),
    "pg_options_to_table": ("option_name", "option_value"),
    "pg_partition_ancestors": ("relid",),
    "pg_partition_tree": ("relid", "parentrelid", "isleaf", "level"),
    "pg_timezone_names": ("name", "abbrev", "utc_offset", "is_dst"),
}

# Of pg_operator, with `!=`, which it reads as `<>`.
_OPERATORS = """
    + - * / % ^ |/ ||/ @ & | # ~ << >> = <> != < > <= >= || ~~ ~~* !~~ !~~* ~ ~* !~ !~* ^@ <@ @> && @@ @@@
    @? -> ->> #> #>> #- ? ?| ?& <-> -|- &< &> <<| |>> &<| |&> <^ >^ ?# ?- ?-| ?| ?|| @-@ ## ~= <<= >>= !!
    *= *<> *< *> *<= *>= ~<~ ~<=~ ~>=~ ~>~ =>
"""
# The distance of pgvector, which many have.
_EXTENSION_OPERATORS = "<=>"
OPERATORS = frozenset(f"{_OPERATORS} {_EXTENSION_OPERATORS}".split())

_SETTINGS = """
    application_name block_size bytea_output client_encoding client_min_messages datestyle
    default_statistics_target default_text_search_config default_transaction_isolation
    default_transaction_read_only effective_cache_size enable_hashjoin enable_seqscan extra_float_digits
    idle_in_transaction_session_timeout integer_datetimes intervalstyle jit lc_collate lc_ctype lc_messages
    lc_monetary lc_numeric lc_time lock_timeout maintenance_work_mem max_connections max_identifier_length
    max_parallel_workers random_page_cost search_path seq_page_cost server_encoding server_version
    server_version_num shared_buffers standard_conforming_strings statement_timeout timezone
    transaction_isolation transaction_read_only work_mem
"""
SETTINGS = frozenset(_SETTINGS.split())

_CATALOGUE = """
    pg_am pg_attrdef pg_attribute pg_available_extensions pg_class pg_collation pg_constraint pg_database
    pg_depend pg_description pg_enum pg_extension pg_index pg_indexes pg_inherits pg_language pg_matviews
    pg_namespace pg_operator pg_partitioned_table pg_proc pg_range pg_sequence pg_sequences
    pg_stat_all_indexes pg_stat_all_tables pg_stat_database pg_stat_bgwriter pg_stat_user_functions
    pg_stat_user_indexes pg_stat_user_tables pg_statio_all_indexes pg_statio_all_tables
    pg_statio_user_indexes pg_statio_user_tables pg_tables pg_tablespace pg_timezone_abbrevs
    pg_timezone_names pg_trigger pg_ts_config pg_ts_dict pg_type pg_views
"""
# Of an extension that many have; it lies in the schema of whoever made it. Other people's statements are
# in it without their values.
_EXTENSIONS = "pg_stat_statements pg_stat_statements_info"
_INFORMATION = """
    check_constraints collations column_domain_usage column_udt_usage columns constraint_column_usage
    constraint_table_usage domain_constraints domains element_types information_schema_catalog_name
    key_column_usage parameters referential_constraints role_table_grants routines schemata sequences
    sql_features table_constraints table_privileges tables triggers user_defined_types view_column_usage
    view_table_usage views
"""
SYSTEM_TABLES = {
    "": frozenset(f"{_CATALOGUE} {_EXTENSIONS}".split()),
    "pg_catalog": frozenset(_CATALOGUE.split()),
    "information_schema": frozenset(_INFORMATION.split()),
}
