// Writes reviewed.ts from the catalogs of real servers, one for each supported major version:
//   node packages/sql/src/catalog/generate.ts postgres://…13 postgres://…14 … > reviewed.ts
// The review is here: which functions of pg_catalog a plain SELECT may call, and why others may not.

import pg from 'pg'

type Row = { readonly name: string; readonly bad: boolean; readonly outs: readonly string[] | null }

/** Volatile in the catalog, and yet they change nothing and wait for nothing. */
const HARMLESS_VOLATILE = `
  array_sample array_shuffle clock_timestamp gen_random_uuid pg_advisory_unlock_all pg_collation_actual_version
  pg_database_collation_actual_version pg_database_size pg_indexes_size pg_is_in_recovery pg_partition_ancestors
  pg_partition_tree pg_relation_size pg_table_size pg_tablespace_size pg_total_relation_size random random_normal
  timeofday timezone uuidv4 uuidv7`

/** Stable or immutable in the catalog, and yet refused: pattern (anchored), why. */
const REFUSED: readonly (readonly [string, string])[] = [
  ['.*_to_xml(schema|_and_xmlschema)?', 'runs SQL or reads tables that are named in strings'],
  ['pg_input_(is_valid|error_info)', 'runs the input function of a type that is named in a string'],
  ['(pg_current_xact_id|txid_current)', 'assigns a transaction id'],
  ['pg_stat_get_.*', 'shows other sessions, or values that statistics keep'],
  ['pg_(get_replication_slots|cursor|prepared_statement|listening_channels|mcv_list_items)', 'shows state or values'],
  ['pg_(relation_filepath|filenode_relation|relation_filenode|walfile_.*|split_walfile_name)', 'is about files'],
  ['pg_(config|conf_load_time|tablespace_databases|numa_available)', 'is about the server'],
  ['(pg_replication_origin|pg_event_trigger|binary_upgrade|brin_|gin_|gist_|spg_).*', 'is for maintenance'],
  ['.*_validator', 'is a validator of objects'],
  ['xmlvalidate', 'is no longer there'],
]

/** The catalog describes them as implementations, but the grammar or people call them by name. */
const CALLED_BY_NAME = 'array_cat like_escape overlaps similar_escape similar_to_escape starts_with timezone xmlexists'

const INTERNAL_TYPES =
  'internal cstring trigger event_trigger language_handler fdw_handler index_am_handler table_am_handler tsm_handler ' +
  'pg_ddl_command'

const words = (text: string): string[] => text.trim().split(/\s+/)

const FUNCTIONS = `
  select p.proname as name,
    (p.provolatile = 'v' and p.proname <> all($1))
      or p.prorettype::regtype::text = any($2) or string_to_array(oidvectortypes(p.proargtypes), ', ') && $2
      or p.prokind = 'p' or p.proname ~ $3
      or (p.proacl is not null and not exists (select from aclexplode(p.proacl) a where a.grantee = 0)) as bad,
    (select array_agg(n) from unnest(p.proargnames, p.proargmodes) as o(n, m) where m in ('o', 'b', 't')) as outs
  from pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace
    and (p.proname = any($4) or p.proname = any($1)
      or coalesce(obj_description(p.oid, 'pg_proc'), 'I/O') !~* '^(implementation of|i/o|internal|less-equal-greater|.*transition|aggregate (combine|final|serial|deserial)|.*(selectivity|support))')`

/** A name with one refused overload is refused: overloads can't be told apart without types. */
const REFUSED_NAMES = `
  select distinct p.proname as name from pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace
    and p.provolatile = 'v' and p.proname <> all($1)`

const TYPES = `
  select t.typname as name from pg_type t left join pg_type e on e.typarray = t.oid
  where t.typnamespace = 'pg_catalog'::regnamespace and t.typtype <> 'c' and coalesce(e.typtype, 'b') <> 'c'
    and t.typname::text <> all($1)`

const OPERATORS = `select distinct oprname as name from pg_operator where oprnamespace = 'pg_catalog'::regnamespace`

const RELATIONS = `
  select relname as name from pg_class where relnamespace = 'pg_catalog'::regnamespace and relkind in ('r', 'v')`

/** Allowed, and yet they answer differently each time: what they would answer can't be approved beforehand. */
const VOLATILE = `
  select p.proname as name from pg_proc p
  where p.pronamespace = 'pg_catalog'::regnamespace and p.proname = any($1)
  group by p.proname having bool_and(p.provolatile = 'v')`

/** A call with attribute notation: (row).name and table.name call these where there is no such column. */
const ROW_CALLS = `
  select distinct p.proname as name from pg_proc p
  where p.pronamespace = 'pg_catalog'::regnamespace and p.pronargs >= 1 and p.pronargs - p.pronargdefaults <= 1
    and p.proargtypes[0] in ('record'::regtype, 'anyelement'::regtype, 'anynonarray'::regtype, '"any"'::regtype,
      coalesce(to_regtype('anycompatible'), 'any'::regtype), coalesce(to_regtype('anycompatiblenonarray'), 'any'::regtype))`

type Found = {
  readonly major: number
  functions: Row[]
  bad: Set<string>
  types: string[]
  operators: string[]
  rowCalls: string[]
  relations: string[]
  volatile: string[]
}

async function readServer(url: string): Promise<Found> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const names = async (sql: string, values: unknown[] = []): Promise<string[]> =>
    (await client.query<{ name: string }>(sql, values)).rows.map((row) => row.name)
  try {
    const { rows } = await client.query<{ major: number }>(
      `select current_setting('server_version_num')::int / 10000 as major`,
    )
    const refused = `^(${REFUSED.map(([pattern]) => pattern).join('|')})$`
    const harmless = words(HARMLESS_VOLATILE)
    const internal = words(INTERNAL_TYPES)
    const functions = await client.query<Row>(FUNCTIONS, [harmless, internal, refused, words(CALLED_BY_NAME)])
    return {
      major: rows[0]?.major ?? 0,
      functions: functions.rows,
      bad: new Set([
        ...(await names(REFUSED_NAMES, [harmless])),
        ...functions.rows.filter((row) => row.bad).map((row) => row.name),
      ]),
      types: await names(TYPES, [internal]),
      operators: await names(OPERATORS),
      relations: await names(RELATIONS),
      volatile: await names(VOLATILE, [harmless]),
      rowCalls: await names(ROW_CALLS.replaceAll(`'any'::regtype`, `'"any"'::regtype`)),
    }
  } finally {
    await client.end()
  }
}

/** Names by the first version that has them; one that a later version lacks again is left out. */
function bySince(servers: readonly Found[], of: (server: Found) => Iterable<string>): Map<number, string[]> {
  const sets = servers.map((server) => new Set(of(server)))
  const grouped = new Map(servers.map((server) => [server.major, [] as string[]]))
  for (const name of new Set(sets.flatMap((set) => [...set]))) {
    const first = sets.findIndex((set) => set.has(name))
    if (sets.slice(first).every((set) => set.has(name))) grouped.get(servers[first]?.major ?? 0)?.push(name)
  }
  return grouped
}

function wrapped(names: readonly string[], indent: string): string {
  const lines: string[] = []
  let line = ''
  for (const name of [...names].sort()) {
    if (line !== '' && indent.length + line.length + name.length + 1 > 119) {
      lines.push(indent + line)
      line = ''
    }
    line += line === '' ? name : ` ${name}`
  }
  return [...lines, indent + line].join('\n')
}

function asTable(name: string, comment: string, grouped: Map<number, string[]>): string {
  const rows = [...grouped].filter(([, names]) => names.length > 0)
  const entries = rows.map(([major, names]) => `  [\n    ${major},\n    \`\n${wrapped(names, '      ')}\`,\n  ],\n`)
  return `/** ${comment} */\nexport const ${name}: readonly (readonly [number, string])[] = [\n${entries.join('')}]\n`
}

const servers = (await Promise.all(process.argv.slice(2).map(readServer))).sort((a, b) => a.major - b.major)
const bad = new Set(servers.flatMap((server) => [...server.bad]))
const allowed = (server: Found): string[] => server.functions.map((row) => row.name).filter((name) => !bad.has(name))
const functions = new Set(servers.flatMap(allowed))
const outs = new Set(
  servers.flatMap((server) =>
    server.functions.filter((row) => functions.has(row.name)).flatMap((row) => row.outs ?? []),
  ),
)
const volatile = new Set(servers.flatMap((server) => server.volatile).filter((name) => functions.has(name)))
const rowCalls = new Set(servers.flatMap((server) => server.rowCalls).filter((name) => !functions.has(name)))
process.stdout.write(
  `// Written by generate.ts from the catalogs of PostgreSQL ${servers.map((server) => server.major).join(', ')}; see there for the rules of the review.
// Each list: names by the first major version that has them. A name that a server doesn't have could be a user's own.

${asTable('FUNCTIONS', 'Functions of pg_catalog that only read or compute, tell nothing of others, and wait for nothing.', bySince(servers, allowed))}
${asTable(
  'TYPES',
  'Types of pg_catalog: their input functions are known.',
  bySince(servers, (server) => server.types),
)}
${asTable(
  'OPERATORS',
  'Operators of pg_catalog.',
  bySince(servers, (server) => server.operators),
)}
${asTable(
  'RELATIONS',
  'Tables and views of pg_catalog: PostgreSQL finds them before any other of their name.',
  bySince(servers, (server) => server.relations),
)}
/** Functions of the list above that answer differently each time: calls of them can't be held for an approval. */
export const VOLATILE_FUNCTIONS = \`
${wrapped([...volatile], '  ')}\`

/** Names of output columns of the functions above: what may be selected from a function's result. */
export const OUTPUT_NAMES = \`
${wrapped([...outs], '  ')}\`

/** Functions off the list that take any row: \`t.name\` calls them where the table has no such column. */
export const ROW_CALLS = \`
${wrapped([...rowCalls], '  ')}\`
`,
)
