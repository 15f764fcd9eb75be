// What a client would see if the decision made of a statement's tree were carried out to the letter, without a gateway:
// rows with their masks, tags, and no more of an error than the gateway tells.

import {
  decideMasks,
  fieldMasker,
  type KnownFunctions,
  knownFunctions,
  lineageOf,
  makePlan,
  maskingRulesSchema,
  NO_MEMORY,
  PlanView,
  quietPlan,
  readTree,
} from '@sluice/mask'
import type pg from 'pg'
import { type TreeSession, treeSession } from '../../packages/mask/src/tree/rewritten-trees.fixture.ts'
import { catalogReader } from '../../services/proxy/src/postgres/catalog/catalog.fixture.ts'
import { SWITCHED_OFF } from '../../services/proxy/src/postgres/session/quiet-planning.ts'
import { QUIET_SCANS } from '../../services/proxy/src/postgres/upstream/tree-settings.ts'
import type { Twins } from './non-interference-databases.ts'
import type { Side } from './non-interference-values.ts'
import { MASKING } from './random-query-schema.ts'

type Detectors = Parameters<typeof fieldMasker>[3]

export type Seen = { readonly permitted: boolean; readonly text: string }

const QUIET = [...QUIET_SCANS].map(([name, value]) => `-c ${name}=${value}`).join(' ')

const NOTHING_FOUND: Detectors = { scan: () => [], mayHold: () => false, scanBytes: () => null }

export class DecidedSession {
  readonly #trees: TreeSession
  readonly #client: pg.Client
  readonly #view: PlanView
  readonly #functions: KnownFunctions
  readonly #major: number

  private constructor(trees: TreeSession, client: pg.Client, view: PlanView, functions: KnownFunctions, major: number) {
    this.#trees = trees
    this.#client = client
    this.#view = view
    this.#functions = functions
    this.#major = major
  }

  static async open(twins: Twins, side: Side): Promise<DecidedSession> {
    const database = { ...twins.database, name: side }
    const catalog = await catalogReader(database).read()
    const functions = knownFunctions(catalog.serverMajor, catalog.standard)
    const rules = maskingRulesSchema.parse(MASKING)
    const { plan } = makePlan({ catalog, rules, memory: NO_MEMORY, functions, madeAt: 0 })
    const [trees, client] = [await treeSession(database, 'public'), await database.connect(side, QUIET)]
    return new DecidedSession(trees, client, new PlanView(plan), functions, catalog.serverMajor)
  }

  async see(sql: string): Promise<Seen> {
    let dumps: readonly string[]
    try {
      dumps = await this.#trees.parse(sql)
    } catch (error) {
      // They quote the client's own text.
      return { permitted: true, text: `parse: ${(error as Error).message}` }
    }
    const tree = readTree(dumps[0] ?? '', this.#major)
    if (tree.kind === 'unreadable') return { permitted: false, text: `unreadable ${tree.what}` }
    const lineage = lineageOf(tree.queries, this.#view, this.#functions)
    const decision = decideMasks(lineage, this.#view, new Set())
    if (decision.kind === 'refused') return { permitted: false, text: `${decision.code} ${decision.what}` }
    // What runs inside of it is another statement, which the gateway cuts out and decides.
    if (lineage.command === 'utility') return { permitted: false, text: 'utility' }
    const maskers = decision.outputs.map((output) => fieldMasker(output, 'text', null, NOTHING_FOUND))
    const masked = (value: string | null, column: number): string | null => {
      const masker = maskers[column] ?? null
      if (masker === null) return value
      const bytes = Buffer.from(value ?? '')
      const mask = value === null ? masker.nullBecomes : masker.mask(bytes, 0, bytes.length)
      return mask === undefined ? value : (mask?.toString() ?? null)
    }
    const quiet = quietPlan(lineage, this.#view)
    await this.#client.query('begin')
    try {
      // Those that this version has.
      const off = "select set_config(name, 'off', true) from pg_settings where name = any ($1)"
      if (quiet !== null) await this.#client.query(off, [SWITCHED_OFF[quiet]])
      const config = { text: sql, rowMode: 'array' as const, types: { getTypeParser: () => (value: string) => value } }
      const result = await this.#client.query<(string | null)[]>(config)
      const rows = result.rows.map((row) => JSON.stringify(row.map(masked)))
      return { permitted: true, text: [`${result.command} ${result.rowCount}`, ...rows].join('\n') }
    } catch (error) {
      const { code, position, message } = error as pg.DatabaseError
      return { permitted: true, text: `error ${code} ${position} ${lineage.harmless ? message : ''}` }
    } finally {
      await this.#client.query('rollback')
    }
  }

  async end(): Promise<void> {
    await this.#trees.end()
    await this.#client.end()
  }
}
