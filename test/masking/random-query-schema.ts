// What random queries are made over: the demo's customers, orders and staff with more kinds of sensitive columns. Facts
// only; what is in the rows is told by non-interference-values.ts.

export type ValueType = 'int' | 'numeric' | 'text' | 'bool' | 'date' | 'jsonb' | 'bytea' | 'texts'

export type SchemaColumn = {
  readonly name: string
  readonly type: ValueType
  /** Null: clean. */
  readonly tag: string | null
}

export type SchemaRelation = {
  readonly name: string
  readonly columns: readonly SchemaColumn[]
  /** Views are only read. */
  readonly view: boolean
}

const SQL_TYPES: Readonly<Record<ValueType, string>> = {
  int: 'int',
  numeric: 'numeric(10, 2)',
  text: 'text',
  bool: 'boolean',
  date: 'date',
  jsonb: 'jsonb',
  bytea: 'bytea',
  texts: 'text[]',
}

/** `name:type` or `name:type:tag`. */
const columns = (text: string): readonly SchemaColumn[] =>
  text
    .trim()
    .split(/\s+/)
    .map((part) => {
      const [name = '', type = '', tag = null] = part.split(':')
      return { name, type: type as ValueType, tag }
    })

const table = (name: string, text: string): SchemaRelation => ({ name, columns: columns(text), view: false })

export const TABLES: readonly SchemaRelation[] = [
  table(
    'customers',
    `id:int active:bool created:date rank:int score:int:internal.score born:date:pii.birth balance:numeric:fin.balance
    name:text city:text ssn:text:pii.ssn card:text:pci.pan email:text:pii.email notes:text:pii.note
    profile:jsonb:pii.profile avatar:bytea:pii.avatar labels:texts:pii.label`,
  ),
  table(
    'orders',
    `id:int customer_id:int placed:date paid:bool amount:numeric status:text ssn:text:pii.ssn note:text:pii.note
    details:jsonb`,
  ),
  table('payments', `id:int order_id:int amount:numeric fee:int:internal.score method:text card:text:pci.pan`),
  table('employees', `id:int manager_id:int salary:int:hr.salary hired:date name:text dept:text ssn:text:pii.ssn`),
]

export const VIEWS: readonly (SchemaRelation & { readonly definition: string })[] = [
  {
    name: 'people',
    view: true,
    columns: columns('id:int name:text ssn:text:pii.ssn source:text'),
    definition: `select id, name, ssn, 'customer' as source from customers union all select id, name, ssn, dept from employees`,
  },
  {
    name: 'contacts',
    view: true,
    columns: columns('id:int city:text mail:text:pii.email digest:text:pii.ssn orders:int'),
    definition: `select c.id, c.city, c.email, md5(c.ssn), (select count(*)::int from orders o where o.customer_id = c.id)
      from customers c where c.active`,
  },
]

export const RELATIONS: readonly SchemaRelation[] = [...TABLES, ...VIEWS]

/**
 * Large, known to the planner, and with indexes that have a sensitive column: the server has ways to read them that smaller
 * tables are not read by. Random queries do without them, for the time it would take. Those of the vault have no other
 * column in their order.
 */
export const LARGE_TABLES = [
  table('archive', 'id:int city:text page:text ssn:text:pii.ssn'),
  table('vault', 'id:int page:text ssn:text:pii.ssn'),
]

/** Tables without rows, for a database that others are copied from: so relations have the same ids in all of them. */
export const SCHEMA_SQL = [
  ...[...TABLES, ...LARGE_TABLES].map(({ name, columns: list }) => {
    const definitions = list.map((column) => {
      // Values lie in the row as they are: their sizes decide about pages.
      return `${column.name} ${SQL_TYPES[column.type]}${column.name === 'id' ? ' primary key' : ''}`
    })
    return `create table ${name} (${definitions.join(', ')});`
  }),
  ...VIEWS.map(({ name, columns: list, definition }) => {
    return `create view ${name} (${list.map((column) => column.name).join(', ')}) as ${definition};`
  }),
  'create unique index customers_email on customers (email);',
  'create index orders_customer on orders (customer_id);',
  'create index orders_ssn on orders (ssn);',
  'create index employees_salary on employees (salary);',
  'create index archive_ssn on archive (ssn, id);',
  'create index archive_city on archive (city, ssn);',
  "create index archive_oslo on archive (ssn) where city = 'Oslo';",
  'create index vault_ssn on vault (ssn) include (id);',
].join('\n')

/** Masking rules: what has a tag is tagged, everything else in the tables is clean, views follow from what they read. */
export const MASKING = {
  columns: [...TABLES, ...LARGE_TABLES].flatMap(({ name, columns: list }) =>
    list.map((column) => ({
      match: `*/public.${name}.${column.name}`,
      ...(column.tag === null ? { verdict: 'clean' as const } : { tag: column.tag }),
    })),
  ),
  tags: Object.fromEntries(
    [...new Set(TABLES.flatMap(({ columns: list }) => list.map((column) => column.tag)))]
      .filter((tag) => tag !== null)
      .map((tag) => [tag, { strategy: 'redact' as const, valuesPerDay: 1_000_000 }]),
  ),
}
