// The review: which of PostgreSQL's own functions, types and catalogs a statement with masking may use, and why others
// may not. generate.ts applies it to the catalogs of real servers.

export const words = (text: string): string[] => text.trim().split(/\s+/)

/** Volatile in the catalog, and yet plain: they wait for nothing and tell nothing of others. */
export const HARMLESS_VOLATILE = words(`
  array_sample array_shuffle clock_timestamp gen_random_uuid pg_advisory_unlock_all pg_collation_actual_version
  pg_database_collation_actual_version pg_database_size pg_indexes_size pg_is_in_recovery pg_partition_ancestors
  pg_partition_tree pg_relation_size pg_table_size pg_tablespace_size pg_total_relation_size random random_normal
  timeofday timezone uuidv4 uuidv7
  pg_show_all_settings nextval set_config`)
// pg_show_all_settings is what SHOW and current_setting tell. nextval stands in the tree of every INSERT into a table
// with a serial column; what it leaves behind cannot carry a value, because deciding by a sensitive one is a touch.

/** Stable or immutable in the catalog, and yet refused: pattern (anchored), why. */
export const REFUSED: readonly (readonly [pattern: string, why: string])[] = [
  ['.*_to_xml(schema|_and_xmlschema)?', 'runs SQL or reads tables that are named in strings'],
  ['pg_input_(is_valid|error_info)', 'runs the input function of a type that is named in a string'],
  ['(pg_current_xact_id|txid_current)', 'assigns a transaction id'],
  ['pg_stat_get_.*', 'shows other sessions, or values that statistics keep'],
  ['pg_(get_replication_slots|cursor|prepared_statement|listening_channels|mcv_list_.*)', 'shows state or values'],
  ['pg_(relation_filepath|filenode_relation|relation_filenode|walfile_.*|split_walfile_name)', 'is about files'],
  ['pg_(config|conf_load_time|tablespace_databases|numa_available|backup_start_time)', 'is about the server'],
  ['(pg_replication_origin|pg_event_trigger|binary_upgrade|brin_|gin_|gist_|spg_).*', 'is for maintenance'],
  ['pg_(ndistinct|dependencies|mcv_list|node_tree)_send', 'shows what statistics and catalogs keep as bytes'],
  ['satisfies_hash_partition', 'runs the hash functions of a table that is named by id'],
  ['.*_validator', 'is a validator of objects'],
  ['xmlvalidate', 'is no longer there'],
]

/** Nobody can call these in SQL, or they run what a type names: argument and result types. */
export const INTERNAL_TYPES = words(
  'internal cstring trigger event_trigger language_handler fdw_handler index_am_handler table_am_handler tsm_handler ' +
    'pg_ddl_command',
)

/**
 * May take a sensitive argument, at any position, in an output. Each never fails whatever the value of any argument (out
 * of memory aside), takes time and space linear in its arguments, and does not stop early at what it finds. Not here,
 * though their output would be masked as well: what compares or searches (replace, translate, trim of given
 * characters, split_part: their time depends on what is found), what takes a size (repeat, lpad, format's widths), what
 * can fail by a value (substr with a length, format, encode's format name, ->> of json with an escaped NUL, array_cat and
 * array_agg of arrays of other bounds, json_object_agg_unique), arithmetic, and everything about dates.
 */
export const TOTAL: readonly (readonly [why: string, signatures: string])[] = [
  [
    'every character once',
    `reverse(text) reverse(bytea) upper(text) lower(text) initcap(text) btrim(text) ltrim(text) rtrim(text)
     quote_ident(text) quote_literal(text) quote_literal(anyelement) quote_nullable(text) quote_nullable(anyelement)`,
  ],
  [
    'cut without a way to fail: a length that is negative or too large is taken as it is meant',
    'left(text,integer) right(text,integer) substr(text,integer) substring(text,integer)',
  ],
  ['digests', 'md5(text) md5(bytea) sha224(bytea) sha256(bytea) sha384(bytea) sha512(bytea)'],
  [
    'one after the other; "any" and anyelement call output functions, which must be of known types',
    `textcat(text,text) anytextcat(anynonarray,text) textanycat(text,anynonarray) byteacat(bytea,bytea) concat("any")
     concat_ws(text,"any") array_to_string(anyarray,text) array_to_string(anyarray,text,text)`,
  ],
  [
    'lengths: a number that is masked as a whole',
    `length(text) length(character) length(bytea) textlen(text) char_length(text) char_length(character)
     character_length(text) character_length(character) octet_length(text) octet_length(character) octet_length(bytea)
     bit_length(text) bit_length(bytea) cardinality(anyarray) array_length(anyarray,integer) ascii(text)`,
  ],
  [
    'to JSON: a key that is NULL fails, which tells no more than count() of the column; json with an escaped NUL cannot become jsonb, and no listed function makes such json',
    `row_to_json(record) row_to_json(record,boolean) to_json(anyelement) to_jsonb(anyelement) array_to_json(anyarray)
     array_to_json(anyarray,boolean) json_build_object("any") json_build_object() jsonb_build_object("any")
     jsonb_build_object() json_build_array("any") json_build_array() jsonb_build_array("any") jsonb_build_array()`,
  ],
  [
    'out of jsonb: NULL where there is nothing',
    `jsonb_object_field(jsonb,text) jsonb_object_field_text(jsonb,text) jsonb_array_element(jsonb,integer)
     jsonb_array_element_text(jsonb,integer) jsonb_extract_path(jsonb,text[]) jsonb_extract_path_text(jsonb,text[])
     jsonb_typeof(jsonb)`,
  ],
  [
    'aggregates and window functions that take values as they are',
    `string_agg(text,text) string_agg(bytea,bytea) array_agg(anynonarray) json_agg(anyelement) jsonb_agg(anyelement)
     any_value(anyelement) lag(anyelement) lag(anyelement,integer) lead(anyelement) lead(anyelement,integer)
     first_value(anyelement) last_value(anyelement)`,
  ],
  [
    'the smallest and the largest: comparison of these types cannot fail',
    ['min', 'max']
      .flatMap((name) =>
        words(
          'text character bytea smallint integer bigint numeric real money oid inet date interval xid8 pg_lsn anyenum',
        )
          .concat('double precision', 'time without time zone', 'time with time zone')
          .concat('timestamp without time zone', 'timestamp with time zone')
          .map((type) => `${name}(${type.replaceAll(' ', '_')})`),
      )
      .join(' '),
  ],
  [
    'casts to a wider type, or to text',
    `int4(smallint) int8(smallint) int8(integer) numeric(smallint) numeric(integer) numeric(bigint) float8(smallint)
     float8(integer) float8(bigint) float8(real) text(character) text(name) text(inet) text("char") text(xml)
     text(boolean) host(inet)`,
  ],
]

/** Types with known input and output that are not base types, ranges or multiranges. */
export const PSEUDO_TYPES = words('record void unknown anyarray')

/** Base types that only hold statistics or what indexes keep. */
export const REFUSED_TYPES = words('pg_mcv_list pg_brin_bloom_summary pg_brin_minmax_multi_summary')

/** Reading such values as text asks the catalogs, or it is not a base type. */
export const NOT_AS_TEXT = words(
  'regproc regprocedure regoper regoperator regclass regtype regconfig regdictionary regnamespace regrole regcollation',
)

/** Every text is a value of these, where no length is asked for. */
export const TEXTUAL = words('text varchar bpchar')

/** Catalogs that nobody reads: they hold values of other tables, or secrets. */
export const REFUSED_CATALOGS = words('pg_statistic pg_statistic_ext_data pg_largeobject pg_user_mapping')

/**
 * Columns that nobody reads, of catalogs whose other columns are clean. pg_attribute.attmissingval stays: it
 * is the default of a column that came later, which the definition tells as well, and tools select all of pg_attribute.
 */
export const REFUSED_COLUMNS = words(`
  pg_authid.rolpassword pg_foreign_server.srvoptions pg_foreign_data_wrapper.fdwoptions pg_subscription.subconninfo`)

/** `=` of whole rows compares columns of which each may be sensitive: not the equality of a bare column. */
export const REFUSED_EQUALITY = words('record_eq record_image_eq')

/** Functions and domains of information_schema: SQL that reads pg_catalog only, by the same signature in 13 to 18. */
export const STANDARD_FUNCTIONS = words(`
  _pg_expandarray(anyarray) _pg_index_position(oid,smallint) _pg_truetypid(pg_attribute,pg_type)
  _pg_truetypmod(pg_attribute,pg_type) _pg_char_max_length(oid,integer) _pg_char_octet_length(oid,integer)
  _pg_numeric_precision(oid,integer) _pg_numeric_precision_radix(oid,integer) _pg_numeric_scale(oid,integer)
  _pg_datetime_precision(oid,integer) _pg_interval_type(oid,integer)`)

export const STANDARD_TYPES = words('cardinal_number character_data sql_identifier time_stamp yes_or_no')
