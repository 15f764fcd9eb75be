// What exactly-once inserts rest on, checked at start: tables that remember the tokens of inserts.

import type { ClickHouseClient } from '@clickhouse/client'
import { ConfigInvalid } from '@sluice/events'
import { TABLES } from '../fold/rows.ts'

/** @throws ConfigInvalid `index_not_deduplicating` */
export async function checkTables(client: ClickHouseClient): Promise<void> {
  const result = await client.query({
    query: `SELECT name, engine, create_table_query LIKE '%non_replicated_deduplication_window = %' AS remembers
      FROM system.tables WHERE database = currentDatabase() AND name IN {names:Array(String)}`,
    query_params: { names: [...TABLES] },
    format: 'JSONEachRow',
  })
  const found = await result.json<{ name: string; engine: string; remembers: number }>()
  for (const table of TABLES) {
    const facts = found.find(({ name }) => name === table)
    if (facts !== undefined && (facts.remembers === 1 || facts.engine.startsWith('Replicated'))) continue
    throw new ConfigInvalid(
      'index_not_deduplicating',
      `the table ${table} does not remember the tokens of inserts, so an event could get two rows; set non_replicated_deduplication_window on it`,
    )
  }
}
