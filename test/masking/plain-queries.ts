// What analysts, drivers and tools ask of columns that nobody has to hide: such statements must pass a masking gateway as
// if it were not there. The share of them that it refuses is a figure of the benchmark.

import { readFileSync } from 'node:fs'
import type { MaskingInput } from '@sluice/mask'
import drivers from '../../packages/sql/src/fixtures/driver-statements.json' with { type: 'json' }
import { type Database, GATEWAY_ROLE } from '../stand/database.ts'
import recorded from './plain-queries/recorded.json' with { type: 'json' }

export type PlainQuery = {
  /** `analysts: rolling window`, `django 12`. */
  readonly name: string
  readonly sql: string
  /** As text, for its parameters; undefined: asked as a simple query. */
  readonly values: readonly (string | null)[] | undefined
  /** Answers differently each time: only the columns are compared. */
  readonly varies: boolean
}

const SETS = ['analysts', 'tools', 'writes'] as const

const file = (name: string): string => readFileSync(new URL(`./plain-queries/${name}.sql`, import.meta.url), 'utf8')

/** Queries of a file: separated by empty lines, each under its name. */
function ofFile(set: (typeof SETS)[number]): PlainQuery[] {
  return file(set)
    .trim()
    .split(/\n{2,}/)
    .map((block) => {
      const { name, values, varies, sql } =
        /^-- (?<name>[^\n]+)\n(?:-- with (?<values>\[.*\])\n)?(?:(?<varies>-- varies)\n)?(?<sql>.+?);?$/s.exec(block)
          ?.groups ?? {}
      if (name === undefined || sql === undefined) throw new Error(`${set}: cannot be read: ${block}`)
      return {
        name: `${set}: ${name}`,
        sql,
        values: values === undefined ? undefined : (JSON.parse(values) as unknown[]).map((value) => String(value)),
        varies: varies !== undefined,
      }
    })
}

/** Numbers of a sequence, sizes (rows that were rolled back take place), and times. */
export const VARIES = /\bnextval\(|_size\(|\breturning\b.*\bcreated_at\b/is

function ofRecord(tool: string, statements: readonly { sql: string; values?: readonly string[] }[]): PlainQuery[] {
  return statements.map(({ sql, values }, index) => ({
    name: `${tool} ${index + 1}`,
    sql,
    values,
    varies: VARIES.test(sql),
  }))
}

/** Those of the drivers read one table of the demo that is not clean, and more than queries. */
const QUERY = /^\s*(?:select|with|values)\b(?!.*\bfrom customers\b)[^;]*$/is

function ofDrivers(): PlainQuery[] {
  const statements = [...drivers.pgjdbc, ...drivers.others].filter((sql) => QUERY.test(sql))
  return [...new Set(statements)].map((sql, index) => {
    const parameters = Math.max(0, ...[...sql.matchAll(/\$(\d+)/g)].map((match) => Number(match[1])))
    return {
      name: `drivers ${index + 1}`,
      sql,
      values: parameters === 0 ? undefined : Array.from({ length: parameters }, () => null),
      varies: VARIES.test(sql),
    }
  })
}

export function plainQueries(): readonly PlainQuery[] {
  const { note: _, ...tools } = recorded
  return [
    ...SETS.flatMap(ofFile),
    ...Object.entries(tools).flatMap(([tool, statements]) => ofRecord(tool, statements)),
    ...ofDrivers(),
  ]
}

/** Tables of the demo and clean ones, in place of those that the database had. Nothing but the queries changes them. */
export async function loadPlainTables(database: Database): Promise<void> {
  await database.query('alter system set autovacuum = off')
  await database.query('select pg_reload_conf()')
  await database.query('drop table customers, orders')
  await database.query(file('schema'))
  await database.query(`
    grant select, insert, update, delete on all tables in schema public to ${GATEWAY_ROLE};
    grant usage, select on all sequences in schema public to ${GATEWAY_ROLE}`)
}

/** No rollback takes back what a sequence gave. */
export async function resetSequences(database: Database): Promise<void> {
  await database.query('select setval(seqrelid::regclass, 1000) from pg_sequence')
}

/** What people say of these tables: all is clean but what customers have for themselves. */
export const PLAIN_RULES: MaskingInput = {
  columns: [
    { match: '*/public.customers.email', tag: 'pii.email' },
    { match: '*/public.customers.ssn', tag: 'pii.ssn' },
    { match: '*/public.customers.card', tag: 'pci.pan' },
    { match: '*/public.customers.notes', verdict: 'scanned' },
    { match: '*/public.*.*', verdict: 'clean' },
  ],
}
