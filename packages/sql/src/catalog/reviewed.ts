// Written by generate.ts from the catalogs of PostgreSQL 13, 14, 15, 16, 17, 18; see there for the rules of the review.
// Each list: names by the first major version that has them. A name that a server doesn't have could be a user's own.

/** Functions of pg_catalog that only read or compute, tell nothing of others, and wait for nothing. */
export const FUNCTIONS: readonly (readonly [number, string])[] = [
  [
    13,
    `
      abbrev abs aclcontains acldefault aclexplode aclinsert aclremove acos acosd acosh age area array_agg array_append
      array_cat array_dims array_fill array_larger array_length array_lower array_ndims array_position array_positions
      array_prepend array_remove array_replace array_smaller array_to_json array_to_string array_to_tsvector
      array_upper ascii asin asind asinh atan atan2 atan2d atand atanh avg bit bit_and bit_length bit_or bool bool_and
      bool_or bound_box box bpchar bpchar_larger bpchar_smaller broadcast btequalimage btrim btvarstrequalimage
      cardinality cash_words cashlarger cashsmaller cbrt ceil ceiling center char char_length character_length chr cidr
      circle clock_timestamp col_description concat concat_ws convert convert_from convert_to corr cos cosd cosh cot
      cotd count covar_pop covar_samp cume_dist current_database current_schema current_schemas current_setting
      current_user date date_larger date_part date_smaller date_trunc daterange daterange_canonical daterange_subdiff
      decode degrees dense_rank dexp diagonal diameter div dlog1 dlog10 dround dtrunc encode enum_first enum_larger
      enum_last enum_range enum_smaller every exp factorial family first_value float4 float4larger float4smaller float8
      float8larger float8smaller floor format format_type gcd gen_random_uuid generate_series generate_subscripts
      get_bit get_byte get_current_ts_config getdatabaseencoding getpgusername has_any_column_privilege
      has_column_privilege has_database_privilege has_foreign_data_wrapper_privilege has_function_privilege
      has_language_privilege has_schema_privilege has_sequence_privilege has_server_privilege has_table_privilege
      has_tablespace_privilege has_type_privilege hash_aclitem hash_aclitem_extended hash_array hash_array_extended
      hash_numeric hash_numeric_extended hash_range hash_range_extended hashbpchar hashbpcharextended hashchar
      hashcharextended hashenum hashenumextended hashfloat4 hashfloat4extended hashfloat8 hashfloat8extended hashinet
      hashinetextended hashint2 hashint2extended hashint4 hashint4extended hashint8 hashint8extended hashmacaddr
      hashmacaddr8 hashmacaddr8extended hashmacaddrextended hashname hashnameextended hashoid hashoidextended
      hashoidvector hashoidvectorextended hashtext hashtextextended hashtid hashtidextended height host hostmask
      inet_client_addr inet_client_port inet_merge inet_same_family inet_server_addr inet_server_port initcap int2
      int2larger int2smaller int4 int4inc int4larger int4range int4range_canonical int4range_subdiff int4smaller int8
      int8dec int8dec_any int8inc int8inc_any int8larger int8range int8range_canonical int8range_subdiff int8smaller
      interval interval_hash interval_hash_extended interval_larger interval_smaller is_normalized isclosed isempty
      isfinite ishorizontal isopen isparallel isperp isvertical json_agg json_array_elements json_array_elements_text
      json_array_length json_build_array json_build_object json_each json_each_text json_extract_path
      json_extract_path_text json_object json_object_agg json_object_keys json_populate_record json_populate_recordset
      json_strip_nulls json_to_record json_to_recordset json_to_tsvector json_typeof jsonb_agg jsonb_array_elements
      jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text
      jsonb_extract_path jsonb_extract_path_text jsonb_hash jsonb_hash_extended jsonb_insert jsonb_object
      jsonb_object_agg jsonb_object_keys jsonb_path_exists jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz
      jsonb_path_query jsonb_path_query_array jsonb_path_query_array_tz jsonb_path_query_first
      jsonb_path_query_first_tz jsonb_path_query_tz jsonb_populate_record jsonb_populate_recordset jsonb_pretty
      jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_to_tsvector jsonb_typeof
      justify_days justify_hours justify_interval lag last_value lcm lead left length like like_escape line ln log
      log10 lower lower_inc lower_inf lpad lseg ltrim macaddr macaddr8 macaddr8_set7bit make_date make_interval
      make_time make_timestamp make_timestamptz makeaclitem masklen max md5 min min_scale mod mode money mxid_age name
      nameconcatoid netmask network network_larger network_smaller normalize notlike now npoints nth_value ntile
      num_nonnulls num_nulls numeric numeric_div_trunc numeric_exp numeric_inc numeric_larger numeric_ln numeric_log
      numeric_smaller numeric_sqrt numnode numrange numrange_subdiff obj_description octet_length oid oidlarger
      oidsmaller oidvectortypes overlaps overlay parse_ident path pclose percent_rank percentile_cont percentile_disc
      pg_advisory_unlock_all pg_available_extension_versions pg_available_extensions pg_backend_pid pg_char_to_encoding
      pg_client_encoding pg_collation_actual_version pg_collation_for pg_collation_is_visible pg_column_is_updatable
      pg_column_size pg_conversion_is_visible pg_current_snapshot pg_current_xact_id_if_assigned pg_database_size
      pg_describe_object pg_encoding_max_length pg_encoding_to_char pg_extension_update_paths pg_function_is_visible
      pg_get_constraintdef pg_get_expr pg_get_function_arg_default pg_get_function_arguments
      pg_get_function_identity_arguments pg_get_function_result pg_get_functiondef pg_get_indexdef pg_get_keywords
      pg_get_object_address pg_get_partition_constraintdef pg_get_partkeydef pg_get_publication_tables
      pg_get_replica_identity_index pg_get_ruledef pg_get_serial_sequence pg_get_statisticsobjdef pg_get_triggerdef
      pg_get_userbyid pg_get_viewdef pg_has_role pg_identify_object pg_identify_object_as_address
      pg_index_column_has_property pg_index_has_property pg_indexam_has_property pg_indexam_progress_phasename
      pg_indexes_size pg_is_in_recovery pg_is_other_temp_schema pg_lsn_hash pg_lsn_hash_extended pg_lsn_larger
      pg_lsn_smaller pg_my_temp_schema pg_opclass_is_visible pg_operator_is_visible pg_opfamily_is_visible
      pg_options_to_table pg_partition_ancestors pg_partition_root pg_partition_tree pg_postmaster_start_time
      pg_relation_is_publishable pg_relation_is_updatable pg_relation_size pg_sequence_parameters pg_show_all_settings
      pg_size_bytes pg_size_pretty pg_snapshot_xip pg_snapshot_xmax pg_snapshot_xmin pg_statistics_obj_is_visible
      pg_table_is_visible pg_table_size pg_tablespace_location pg_tablespace_size pg_timezone_names
      pg_total_relation_size pg_trigger_depth pg_ts_config_is_visible pg_ts_dict_is_visible pg_ts_parser_is_visible
      pg_ts_template_is_visible pg_type_is_visible pg_typeof pg_visible_in_snapshot pg_wal_lsn_diff phraseto_tsquery pi
      plainto_tsquery point polygon popen position pow power querytree quote_ident quote_literal quote_nullable radians
      radius random range_merge rank regclass regexp_match regexp_matches regexp_replace regexp_split_to_array
      regexp_split_to_table regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
      repeat replace reverse right round row_number row_security_active row_to_json rpad rtrim satisfies_hash_partition
      scale session_user set_bit set_byte set_masklen setweight sha224 sha256 sha384 sha512 shobj_description sign
      similar_escape similar_to_escape sin sind sinh slope split_part sqrt starts_with statement_timestamp stddev
      stddev_pop stddev_samp string_agg string_to_array strip strpos substr substring sum tan tand tanh text
      text_larger text_smaller textlen tidlarger tidsmaller time time_hash time_hash_extended time_larger time_smaller
      timeofday timestamp timestamp_hash timestamp_hash_extended timestamp_larger timestamp_smaller timestamptz
      timestamptz_larger timestamptz_smaller timetz timetz_hash timetz_hash_extended timetz_larger timetz_smaller
      timezone to_ascii to_char to_date to_hex to_json to_jsonb to_number to_regclass to_regcollation to_regnamespace
      to_regoper to_regoperator to_regproc to_regprocedure to_regrole to_regtype to_timestamp to_tsquery to_tsvector
      transaction_timestamp translate trim_scale trunc ts_debug ts_delete ts_filter ts_headline ts_lexize ts_parse
      ts_rank ts_rank_cd ts_token_type tsquery_phrase tsrange tsrange_subdiff tstzrange tstzrange_subdiff
      tsvector_to_array txid_current_if_assigned txid_current_snapshot txid_snapshot_xip txid_snapshot_xmax
      txid_snapshot_xmin txid_visible_in_snapshot unnest upper upper_inc upper_inf uuid_hash uuid_hash_extended var_pop
      var_samp varbit varchar variance version websearch_to_tsquery width width_bucket xid xml xml_is_well_formed
      xml_is_well_formed_content xml_is_well_formed_document xmlagg xmlcomment xmlexists xpath xpath_exists`,
  ],
  [
    14,
    `
      bit_count bit_xor date_bin datemultirange extract hash_multirange hash_multirange_extended hash_record
      hash_record_extended int4multirange int8multirange multirange multirange_intersect_agg_transfn nummultirange
      pg_column_compression pg_get_catalog_foreign_keys pg_get_function_sqlbody pg_get_statisticsobjdef_columns
      pg_get_statisticsobjdef_expressions pg_lsn range_agg range_intersect_agg range_intersect_agg_transfn
      string_to_table trim_array tsmultirange tstzmultirange unistr`,
  ],
  [
    15,
    `
      has_parameter_privilege pg_database_collation_actual_version pg_settings_get_flags regexp_count regexp_instr
      regexp_like regexp_substr xid8_larger xid8_smaller`,
  ],
  [
    16,
    `
      any_value array_sample array_shuffle date_add date_subtract erf erfc json_agg_strict json_object_agg_strict
      json_object_agg_unique json_object_agg_unique_strict jsonb_agg_strict jsonb_object_agg_strict
      jsonb_object_agg_unique jsonb_object_agg_unique_strict random_normal system_user`,
  ],
  [
    17,
    `
      icu_unicode_version jsonb_populate_record_valid pg_basetype pg_column_toast_chunk_id to_bin to_oct to_regtypemod
      unicode_assigned unicode_version uuid_extract_timestamp uuid_extract_version xmltext`,
  ],
  [
    18,
    `
      array_reverse array_sort bytea bytea_larger bytea_smaller casefold crc32 crc32c gamma has_largeobject_privilege
      hashbool hashboolextended hashbytea hashbyteaextended hashcid hashcidextended hashdate hashdateextended hashxid
      hashxid8 hashxid8extended hashxidextended lgamma pg_get_acl pg_timezone_abbrevs_abbrevs pg_timezone_abbrevs_zone
      record_larger record_smaller timestamptz_hash timestamptz_hash_extended uuidv4 uuidv7`,
  ],
]

/** Types of pg_catalog: their input functions are known. */
export const TYPES: readonly (readonly [number, string])[] = [
  [
    13,
    `
      _aclitem _bit _bool _box _bpchar _bytea _char _cid _cidr _circle _cstring _date _daterange _float4 _float8
      _gtsvector _inet _int2 _int2vector _int4 _int4range _int8 _int8range _interval _json _jsonb _jsonpath _line _lseg
      _macaddr _macaddr8 _money _name _numeric _numrange _oid _oidvector _path _pg_lsn _pg_snapshot _point _polygon
      _record _refcursor _regclass _regcollation _regconfig _regdictionary _regnamespace _regoper _regoperator _regproc
      _regprocedure _regrole _regtype _text _tid _time _timestamp _timestamptz _timetz _tsquery _tsrange _tstzrange
      _tsvector _txid_snapshot _uuid _varbit _varchar _xid _xid8 _xml aclitem any anyarray anycompatible
      anycompatiblearray anycompatiblenonarray anycompatiblerange anyelement anyenum anynonarray anyrange bit bool box
      bpchar bytea char cid cidr circle date daterange float4 float8 gtsvector inet int2 int2vector int4 int4range int8
      int8range interval json jsonb jsonpath line lseg macaddr macaddr8 money name numeric numrange oid oidvector path
      pg_dependencies pg_lsn pg_mcv_list pg_ndistinct pg_node_tree pg_snapshot point polygon record refcursor regclass
      regcollation regconfig regdictionary regnamespace regoper regoperator regproc regprocedure regrole regtype text
      tid time timestamp timestamptz timetz tsquery tsrange tstzrange tsvector txid_snapshot unknown uuid varbit
      varchar void xid xid8 xml`,
  ],
  [
    14,
    `
      _datemultirange _int4multirange _int8multirange _nummultirange _tsmultirange _tstzmultirange
      anycompatiblemultirange anymultirange datemultirange int4multirange int8multirange nummultirange
      pg_brin_bloom_summary pg_brin_minmax_multi_summary tsmultirange tstzmultirange`,
  ],
]

/** Operators of pg_catalog. */
export const OPERATORS: readonly (readonly [number, string])[] = [
  [
    13,
    `
      !! !~ !~* !~~ !~~* # ## #- #> #>> % & && &< &<| &> * *< *<= *<> *= *> *>= + - -> ->> -|- / < <-> << <<= <<| <= <>
      <@ <^ = > >= >> >>= >^ ? ?# ?& ?- ?-| ?| ?|| @ @-@ @> @? @@ @@@ ^ ^@ | |&> |/ |>> || ||/ ~ ~* ~<=~ ~<~ ~= ~>=~
      ~>~ ~~ ~~*`,
  ],
]

/** Tables and views of pg_catalog: PostgreSQL finds them before any other of their name. */
export const RELATIONS: readonly (readonly [number, string])[] = [
  [
    13,
    `
      pg_aggregate pg_am pg_amop pg_amproc pg_attrdef pg_attribute pg_auth_members pg_authid
      pg_available_extension_versions pg_available_extensions pg_cast pg_class pg_collation pg_config pg_constraint
      pg_conversion pg_cursors pg_database pg_db_role_setting pg_default_acl pg_depend pg_description pg_enum
      pg_event_trigger pg_extension pg_file_settings pg_foreign_data_wrapper pg_foreign_server pg_foreign_table
      pg_group pg_hba_file_rules pg_index pg_indexes pg_inherits pg_init_privs pg_language pg_largeobject
      pg_largeobject_metadata pg_locks pg_matviews pg_namespace pg_opclass pg_operator pg_opfamily pg_partitioned_table
      pg_policies pg_policy pg_prepared_statements pg_prepared_xacts pg_proc pg_publication pg_publication_rel
      pg_publication_tables pg_range pg_replication_origin pg_replication_origin_status pg_replication_slots pg_rewrite
      pg_roles pg_rules pg_seclabel pg_seclabels pg_sequence pg_sequences pg_settings pg_shadow pg_shdepend
      pg_shdescription pg_shmem_allocations pg_shseclabel pg_stat_activity pg_stat_all_indexes pg_stat_all_tables
      pg_stat_archiver pg_stat_bgwriter pg_stat_database pg_stat_database_conflicts pg_stat_gssapi
      pg_stat_progress_analyze pg_stat_progress_basebackup pg_stat_progress_cluster pg_stat_progress_create_index
      pg_stat_progress_vacuum pg_stat_replication pg_stat_slru pg_stat_ssl pg_stat_subscription pg_stat_sys_indexes
      pg_stat_sys_tables pg_stat_user_functions pg_stat_user_indexes pg_stat_user_tables pg_stat_wal_receiver
      pg_stat_xact_all_tables pg_stat_xact_sys_tables pg_stat_xact_user_functions pg_stat_xact_user_tables
      pg_statio_all_indexes pg_statio_all_sequences pg_statio_all_tables pg_statio_sys_indexes pg_statio_sys_sequences
      pg_statio_sys_tables pg_statio_user_indexes pg_statio_user_sequences pg_statio_user_tables pg_statistic
      pg_statistic_ext pg_statistic_ext_data pg_stats pg_stats_ext pg_subscription pg_subscription_rel pg_tables
      pg_tablespace pg_timezone_abbrevs pg_timezone_names pg_transform pg_trigger pg_ts_config pg_ts_config_map
      pg_ts_dict pg_ts_parser pg_ts_template pg_type pg_user pg_user_mapping pg_user_mappings pg_views`,
  ],
  [
    14,
    `
      pg_backend_memory_contexts pg_stat_progress_copy pg_stat_replication_slots pg_stat_wal pg_stats_ext_exprs`,
  ],
  [
    15,
    `
      pg_ident_file_mappings pg_parameter_acl pg_publication_namespace pg_stat_recovery_prefetch
      pg_stat_subscription_stats`,
  ],
  [
    16,
    `
      pg_stat_io`,
  ],
  [
    17,
    `
      pg_stat_checkpointer pg_wait_events`,
  ],
  [
    18,
    `
      pg_aios pg_shmem_allocations_numa`,
  ],
]

/** Functions of the list above that answer differently each time: calls of them can't be held for an approval. */
export const VOLATILE_FUNCTIONS = `
  array_sample array_shuffle clock_timestamp gen_random_uuid pg_advisory_unlock_all pg_collation_actual_version
  pg_database_collation_actual_version pg_database_size pg_indexes_size pg_is_in_recovery pg_partition_ancestors
  pg_partition_tree pg_relation_size pg_table_size pg_tablespace_size pg_total_relation_size random random_normal
  timeofday uuidv4 uuidv7`

/** Names of output columns of the functions above: what may be selected from a function's result. */
export const OUTPUT_NAMES = `
  abbrev alias attrs baredesc barelabel boot_val cache_size catcode catdesc category classid comment context
  cycle_option data_type default_version description dictionaries dictionary enumvals extra_desc fkcols fktable grantee
  grantor identity increment is_array is_dst is_grantable is_opt isleaf key level lexeme lexemes max_val maximum_value
  min_val minimum_value name object_args object_names objid objsubid option_name option_value parentrelid path
  pending_restart pkcols pktable positions privilege_type pubid qual relid relocatable requires reset_val schema
  setting short_desc source sourcefile sourceline start_value superuser target token tokid trusted type unit utc_offset
  value vartype version weights word`

/** Functions off the list that take any row: `t.name` calls them where the table has no such column. */
export const ROW_CALLS = `
  any_out anycompatible_out anycompatiblenonarray_out anyelement_out anynonarray_out pg_restore_attribute_stats
  pg_restore_relation_stats record_out record_send`
