// Statements of masked sessions that have a query inside, or hand out what one found under a name: what the gateway has to
// know to decide them as it decides the query itself. What does not fit stays unknown, as it is everywhere else.

import { objection } from './advice.ts'
import { isKnownType } from './catalog/known.ts'
import { copyFormat, flagOf } from './copy-format.ts'
import type { AnalysisOptions } from './facts.ts'
import { cutInner, withoutInto } from './inner-query.ts'
import { namesOf, qualifiedOf, textOf, unwrapped } from './names.ts'
import type { RawNode } from './parser.ts'
import { QUERIES, type QueryReader } from './query-reader.ts'
import type { InnerQuery, PlainArgument, UtilityFacts } from './utility-facts.ts'

/** The facts, or what about it is not understood: it completes "… with". */
type Carried = UtilityFacts | { readonly kind: 'unknown'; readonly what: string }

const unknown = (what: string): Carried => ({ kind: 'unknown', what })
const UNCUT = unknown('a query that can not be told apart from what is around it')

type Source = { readonly statement: RawNode; readonly text: string; readonly options: AnalysisOptions }

const CARRIERS: Readonly<Record<string, (source: Source) => Carried | null>> = {
  DeclareCursorStmt: declared,
  CopyStmt: copied,
  PrepareStmt: prepared,
  ExplainStmt: explained,
  CreateTableAsStmt: ({ statement, text }) =>
    created(text, statement['query'], statement['objtype'] === 'OBJECT_MATVIEW' ? 'materialized view' : 'table'),
  ViewStmt: ({ statement, text }) => created(text, statement['query'], 'view'),
}

/** Null for all others. */
export function carriedBy(nodeType: string, source: Source): Carried | null {
  const carrier = Object.hasOwn(CARRIERS, nodeType) ? CARRIERS[nodeType] : undefined
  return carrier?.(source) ?? null
}

/** SELECT … INTO makes a table as CREATE TABLE AS does. */
export function selectInto(wrapper: RawNode, text: string, reader: QueryReader): UtilityFacts | null {
  const inner = withoutInto(text, wrapper)
  if (inner !== null) return { kind: 'create-as', makes: 'table', inner }
  reader.object(objection('SelectStmt', 'SELECT with an INTO that can not be told apart from what is around it'))
  return null
}

const isQuery = (query: unknown): query is RawNode =>
  Object.hasOwn(QUERIES, unwrapped((query ?? {}) as RawNode).type ?? '')

const BINARY = 0x1
const SCROLL = 0x2
const NO_SCROLL = 0x4
const HOLD = 0x20

function declared({ statement, text }: Source): Carried {
  const inner = isQuery(statement['query']) ? cutInner(text, 'for', statement['query']) : null
  if (inner === null) return UNCUT
  const bits = Number(statement['options'] ?? 0)
  const scroll = (bits & SCROLL) !== 0 ? true : (bits & NO_SCROLL) !== 0 ? false : null
  const cursor = textOf(statement['portalname'])
  return { kind: 'declare', cursor, inner, hold: (bits & HOLD) !== 0, binary: (bits & BINARY) !== 0, scroll }
}

function copied({ statement, text }: Source): Carried | null {
  const outside = statement['is_from'] === true || statement['is_program'] === true || 'filename' in statement
  if (outside || 'whereClause' in statement) return null
  const format = copyFormat(statement['options'])
  if ('unknown' in format) return unknown(format.unknown)
  const query = statement['query']
  if (query !== undefined) {
    const inner = isQuery(query) ? cutInner(text, 'copy', query) : null
    return inner === null ? UNCUT : { kind: 'copy-out', inner, table: null, columns: null, format }
  }
  const relation = statement['relation'] as RawNode
  const table = { schema: textOf(relation['schemaname']) || null, name: textOf(relation['relname']) }
  const columns = statement['attlist'] === undefined ? null : namesOf(statement['attlist'])
  return { kind: 'copy-out', inner: tableQuery(table, columns), table, columns, format }
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** What COPY reads of a table: its own rows, not those of its children. */
function tableQuery(
  { schema, name }: { readonly schema: string | null; readonly name: string },
  columns: readonly string[] | null,
): InnerQuery {
  const table = schema === null ? quoted(name) : `${quoted(schema)}.${quoted(name)}`
  return { text: `select ${columns?.map(quoted).join(', ') ?? '*'} from only ${table}`, at: null }
}

function prepared({ statement, text, options }: Source): Carried {
  const inner = isQuery(statement['query']) ? cutInner(text, 'as', statement['query']) : null
  if (inner === null) return UNCUT
  const argtypes = statement['argtypes'] as readonly RawNode[] | undefined
  const types = argtypes?.map((wrapper) => typeName(wrapper, options.serverMajor)) ?? null
  if (types?.includes(null)) return unknown("a type that is not PostgreSQL's own")
  return { kind: 'prepare', name: textOf(statement['name']), types: types as readonly string[] | null, inner }
}

function typeName(wrapper: RawNode, serverMajor: number): string | null {
  const type = (wrapper['TypeName'] ?? {}) as RawNode
  const named = qualifiedOf(type['names'])
  if (named === null || 'setof' in type || 'pct_type' in type) return null
  if (named.schema !== null && named.schema !== 'pg_catalog') return null
  if (!isKnownType(named.schema, named.name, serverMajor)) return null
  return named.name + (type['arrayBounds'] === undefined ? '' : '[]')
}

/** Options that tell more of what PostgreSQL does, but nothing of what it finds. */
const EXPLAIN_OPTIONS: ReadonlySet<string> = new Set(
  'analyze verbose costs settings generic_plan buffers serialize wal timing summary memory format'.split(' '),
)

function explained({ statement, text }: Source): Carried | null {
  const query = statement['query']
  // EXPLAIN EXECUTE, or of a CREATE TABLE AS: as unknown as everywhere else.
  if (!isQuery(query)) return null
  const inner = cutInner(text, 'explain', query)
  if (inner === null) return UNCUT
  let analyze = false
  for (const wrapper of (statement['options'] ?? []) as readonly RawNode[]) {
    const element = (wrapper['DefElem'] ?? {}) as RawNode
    const name = textOf(element['defname'])
    if (!EXPLAIN_OPTIONS.has(name)) return unknown('an option that is not known')
    if (name !== 'analyze') continue
    const { type, node } = unwrapped((element['arg'] ?? {}) as RawNode)
    // Written twice, the last one counts; what is neither on nor off is PostgreSQL's to refuse.
    analyze = flagOf(type, type === 'String' ? textOf(node['sval']) : null, node) !== false
  }
  return { kind: 'explain', analyze, inner }
}

function created(text: string, query: unknown, makes: 'table' | 'view' | 'materialized view'): Carried | null {
  if (!isQuery(query)) return null
  const inner = cutInner(text, 'as', query)
  return inner === null ? UNCUT : { kind: 'create-as', makes, inner }
}

/** What stands between the parentheses of EXECUTE; null where it is more than constants. */
export function plainArguments(params: unknown): PlainArgument[] | null {
  const found = ((params ?? []) as readonly RawNode[]).map(plainArgument)
  return found.includes(null) ? null : (found as PlainArgument[])
}

function plainArgument(wrapper: RawNode): PlainArgument | null {
  const constant = wrapper['A_Const'] as RawNode | undefined
  if (constant === undefined) return null
  if (constant['isnull'] === true) return { kind: 'null', text: null }
  const { type, node } = unwrapped(constant)
  if (type === 'sval') return { kind: 'string', text: textOf(node['sval']) }
  if (type === 'ival') return { kind: 'integer', text: String(Number(node['ival'] ?? 0)) }
  if (type === 'fval') return { kind: 'number', text: textOf(node['fval']) }
  if (type === 'boolval') return { kind: 'boolean', text: node['boolval'] === true ? 'true' : 'false' }
  return null
}
