// The plain queries through the decision itself: PostgreSQL's trees of them, the plan of a real catalog, no gateway.

import {
  decideMasks,
  knownFunctions,
  lineageOf,
  makePlan,
  maskingRulesSchema,
  NO_MEMORY,
  PlanView,
  readTree,
} from '@sluice/mask'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PRINT_TREES } from '../../packages/mask/src/tree/rewritten-trees.fixture.ts'
import { catalogReader } from '../../services/proxy/src/postgres/catalog/catalog.fixture.ts'
import { type Database, startDatabase } from '../stand/database.ts'
import { loadPlainTables, PLAIN_RULES, type PlainQuery, plainQueries } from './plain-queries.ts'
import { psqlQueries } from './plain-queries-psql.ts'
import { isRefusedByMistake } from './plain-queries-refused.ts'

const MAX_REFUSED_SHARE = 0.02
/** Some of what newer tools ask is not there in older servers. */
const MIN_QUERIES = 300
/** Columns, functions, tables and syntax that a version does not have. */
const OF_ANOTHER_VERSION: ReadonlySet<string | undefined> = new Set(['42703', '42883', '42P01', '42704'])

type Notice = { readonly [Field in 'file' | 'routine' | 'where' | 'detail']?: string | undefined }

/** The trees that the server tells of its own accord, and nothing that was run stays. */
class TreeSession {
  readonly #client: pg.Client
  #dumps: string[] = []

  constructor(client: pg.Client) {
    this.#client = client
    client.on('notice', ({ file, routine, where, detail }: Notice) => {
      if (file !== 'print.c' || routine !== 'elog_node_display' || where !== undefined) return
      this.#dumps.push(detail ?? '')
    })
  }

  /** Undefined where this server does not know something of it. */
  async treeOf({ sql, values }: PlainQuery): Promise<string | undefined> {
    await this.#client.query('begin')
    this.#dumps = []
    try {
      await this.#client.query({ text: sql, ...(values === undefined ? {} : { values: [...values] }) })
      // None or several are as unreadable as a broken one.
      return this.#dumps.length === 1 ? this.#dumps[0] : ''
    } catch (error) {
      if (OF_ANOTHER_VERSION.has((error as pg.DatabaseError).code)) return undefined
      throw new Error(`${sql}: ${(error as Error).message}`, { cause: error })
    } finally {
      await this.#client.query('rollback')
    }
  }
}

describe.each([13, 15, 16, 18] as const)('plain queries on PostgreSQL %i', (major) => {
  let database: Database
  let client: pg.Client
  /** Null: it passes unchanged. */
  let refusalOf: (dump: string) => string | null

  beforeAll(async () => {
    database = await startDatabase(major)
    await loadPlainTables(database)
    client = await database.connect(database.name, PRINT_TREES)
    const catalog = await catalogReader(database).read()
    const functions = knownFunctions(catalog.serverMajor, catalog.standard)
    const rules = maskingRulesSchema.parse(PLAIN_RULES)
    const { plan } = makePlan({ catalog, rules, memory: NO_MEMORY, functions, madeAt: 0 })
    const view = new PlanView(plan)
    refusalOf = (dump) => {
      const tree = readTree(dump, major)
      if (tree.kind === 'unreadable') return `unreadable: ${tree.what}`
      const decision = decideMasks(lineageOf(tree.queries, view, functions), view, new Set())
      if (decision.kind === 'refused') return `${decision.code}: ${decision.what}`
      return decision.clear ? null : 'masked'
    }
  }, 60_000)
  afterAll(async () => {
    await client?.end()
    await database?.stop()
  })

  it('pass unchanged, all but a few that are known', { timeout: 120_000 }, async () => {
    const session = new TreeSession(client)
    const refused: string[] = []
    let known = 0
    let asked = 0
    for (const query of [...plainQueries(), ...(await psqlQueries(database))]) {
      const dump = await session.treeOf(query)
      if (dump === undefined) continue
      asked += 1
      const refusal = refusalOf(dump)
      const expected = isRefusedByMistake(query, ['tree'])
      if (expected && refusal !== null) known += 1
      if (expected !== (refusal !== null))
        refused.push(`${query.name}: ${refusal ?? 'passes now'}: ${query.sql.slice(0, 300)}`)
    }
    expect(refused).toEqual([])
    expect(asked).toBeGreaterThan(MIN_QUERIES)
    expect(known / asked).toBeLessThan(MAX_REFUSED_SHARE)
  })
})
