// A question in an analyst's own words. It passes the gate, then runs read-only, on a connection of its own, within
// limits of time, rows and memory.

import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client'
import { PeerInvalid, PeerMisbehaved } from '@sluice/events'
import { checkText } from './sql-text-check.ts'
import { tokenize } from './sql-tokens.ts'
import { checkTree } from './sql-tree-check.ts'

export type AnalystLimits = {
  readonly maxMs: number
  readonly maxRows: number
  readonly maxMemoryBytes: number
  readonly maxResultBytes: number
}

export const ANALYST_LIMITS: AnalystLimits = {
  maxMs: 10_000,
  maxRows: 10_000,
  maxMemoryBytes: 512 * 1_048_576,
  maxResultBytes: 16 * 1_048_576,
}

export type AnalystColumn = { readonly name: string; readonly type: string }

export type AnalystAnswer = {
  readonly columns: readonly AnalystColumn[]
  /** In the order of the columns. Integers of 64 bits and more are strings. */
  readonly rows: readonly (readonly unknown[])[]
  /** There were more rows than the limit. */
  readonly truncated: boolean
}

export const MAX_ANALYST_SQL_CHARACTERS = 32_768

/**
 * @throws PeerMisbehaved `query_refused` where the gate does not let the query pass, with the reason; PeerInvalid
 * `query_too_costly` where the answer is too large; ClickHouseError where the database has its own objections.
 */
export async function runAnalystSql(
  client: ClickHouseClient,
  query: string,
  database: string,
  limits: AnalystLimits = ANALYST_LIMITS,
): Promise<AnalystAnswer> {
  const sql = query.replace(/^[ \t\r\n]+|[ \t\r\n;]+$/g, '')
  await passGate(client, sql, database, limits)
  const text = await answerOf(client, sql, limits)
  const [names = [], types = [], ...rows] = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): readonly unknown[] => JSON.parse(line))
  return {
    columns: names.map((name, index) => ({ name: String(name), type: String(types[index]) })),
    rows: rows.slice(0, limits.maxRows),
    truncated: rows.length > limits.maxRows,
  }
}

/** Counts the bytes itself: the database's own limit does not see how long a repeated constant is when it is written. */
async function answerOf(client: ClickHouseClient, sql: string, limits: AnalystLimits): Promise<string> {
  const { stream } = await client.exec({
    query: `${sql}\nFORMAT JSONCompactEachRowWithNamesAndTypes`,
    clickhouse_settings: {
      ...boundsOf(limits),
      limit: String(limits.maxRows + 1),
      output_format_json_quote_64bit_integers: 1,
      // An error in the middle of the answer is an error, not a part of it.
      wait_end_of_query: 1,
    },
  })
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length
    // Leaving the loop destroys the stream.
    if (bytes > limits.maxResultBytes) {
      throw new PeerInvalid('query_too_costly', `the answer has more than ${limits.maxResultBytes} bytes; ask for less`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

async function passGate(client: ClickHouseClient, sql: string, database: string, limits: AnalystLimits): Promise<void> {
  if (sql.length > MAX_ANALYST_SQL_CHARACTERS) refuse(`it has more than ${MAX_ANALYST_SQL_CHARACTERS} characters`)
  const read = tokenize(sql)
  if (!read.ok) return refuse(read.reason)
  const text = checkText(read.tokens)
  if (!text.ok) return refuse(text.reason)
  const tree = await explain(client, sql, limits)
  // Tables without a database are those of the connection's.
  if (tree.database !== database) return refuse('the connection to the index is not in its database')
  const finding = checkTree(tree.lines, database, text.expected)
  if (!finding.ok) refuse(finding.reason)
}

/** In parentheses, where the grammar takes a SELECT and nothing behind it. */
async function explain(
  client: ClickHouseClient,
  sql: string,
  limits: AnalystLimits,
): Promise<{ lines: string[]; database: string }> {
  const result = await client.query({
    query: `SELECT explain, currentDatabase() AS database FROM (EXPLAIN AST ${sql}\n)`,
    format: 'JSONEachRow',
    // EXPLAIN in FROM counts as a table function, which 1 forbids; 2 forbids writing all the same.
    clickhouse_settings: { ...boundsOf(limits), readonly: '2' },
  })
  const rows = await result.json<{ explain: string; database: string }>()
  return { lines: rows.map(({ explain }) => explain), database: rows[0]?.database ?? '' }
}

function boundsOf({ maxMs, maxMemoryBytes, maxResultBytes }: AnalystLimits): ClickHouseSettings {
  return {
    max_execution_time: Math.max(1, Math.ceil(maxMs / 1000)),
    timeout_overflow_mode: 'throw',
    max_memory_usage: String(maxMemoryBytes),
    max_result_bytes: String(maxResultBytes),
    result_overflow_mode: 'throw',
    max_bytes_before_external_sort: '0',
    max_bytes_before_external_group_by: '0',
    allow_introspection_functions: 0,
    readonly: '1',
  }
}

function refuse(reason: string): never {
  throw new PeerMisbehaved('query_refused', `the query was not run: ${reason}`)
}
