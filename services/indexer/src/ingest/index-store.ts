// What the indexer asks of ClickHouse: how far it is, which sequence numbers it has seen, and to take a block.

import type { ClickHouseClient } from '@clickhouse/client'
import { type BlockRows, TABLES } from '../fold/rows.ts'

export type BlockName = {
  readonly topic: string
  readonly partition: number
  readonly first: number
  readonly last: number
  /** Of the records' bytes: another log's block with the same offsets is another block. */
  readonly digest: string
}

export interface IndexStore {
  /** The highest offset that has a row, -1 where there is none. */
  lastOffset(topic: string, partition: number): Promise<number>
  /** The last sequence number of each of these sessions before an offset; those without rows are left out. */
  lastSequences(
    sessions: readonly string[],
    before: { readonly topic: string; readonly partition: number; readonly offset: number },
  ): Promise<ReadonlyMap<string, number>>
  /** Writes the rows. Repeating it with the same name writes nothing twice. */
  insert(block: BlockName, rows: BlockRows): Promise<void>
}

/** They travel in the address of a request. */
const SESSIONS_PER_QUERY = 150

export class ClickHouseIndex implements IndexStore {
  readonly #client: ClickHouseClient

  constructor(client: ClickHouseClient) {
    this.#client = client
  }

  async lastOffset(topic: string, partition: number): Promise<number> {
    const result = await this.#client.query({
      query: `SELECT toString(max(offset)) AS last, count() > 0 AS any FROM events
        WHERE topic = {topic:String} AND partition = {partition:UInt32}`,
      query_params: { topic, partition },
      format: 'JSONEachRow',
    })
    const [row] = await result.json<{ last: string; any: number }>()
    return row?.any ? Number(row.last) : -1
  }

  async lastSequences(
    sessions: readonly string[],
    { topic, partition, offset }: Parameters<IndexStore['lastSequences']>[1],
  ): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>()
    for (let at = 0; at < sessions.length; at += SESSIONS_PER_QUERY) {
      const result = await this.#client.query({
        query: `SELECT toString(session_id) AS session, toString(max(sequence)) AS last FROM events
          WHERE session_id IN {sessions:Array(UUID)} AND topic = {topic:String} AND partition = {partition:UInt32}
            AND offset < {offset:UInt64}
          GROUP BY session_id`,
        query_params: { sessions: sessions.slice(at, at + SESSIONS_PER_QUERY), topic, partition, offset },
        format: 'JSONEachRow',
      })
      for (const { session, last } of await result.json<{ session: string; last: string }>())
        found.set(session, Number(last))
    }
    return found
  }

  /**
   * One insert a table, each with its own token: tables stay together because a block that broke off is written again
   * under the same name. `events` is last, for its offsets are the positions.
   */
  async insert({ topic, partition, first, last, digest }: BlockName, rows: BlockRows): Promise<void> {
    for (const table of TABLES) {
      const all: readonly Readonly<Record<string, unknown>>[] = rows[table]
      const [row] = all
      if (row === undefined) continue
      const columns = Object.keys(row) as [string, ...string[]]
      await this.#client.insert({
        table,
        values: all.map((values) => columns.map((column) => values[column])),
        columns,
        // Without the names of the columns in every row: less to send and to parse.
        format: 'JSONCompactEachRow',
        clickhouse_settings: {
          async_insert: 0,
          insert_deduplicate: 1,
          insert_deduplication_token: `${topic}:${partition}:${first}-${last}:${digest}:${table}`,
          // The block is one insert block, whatever its size in text, so that its token stands for all of it.
          input_format_parallel_parsing: 0,
          max_insert_block_size: '1000000',
          max_partitions_per_insert_block: '0',
        },
      })
    }
  }
}
