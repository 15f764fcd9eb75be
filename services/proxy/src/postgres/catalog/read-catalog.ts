// Reads what a database says of itself, in one snapshot of it, with a session of the gateway's own.

import { UpstreamFailed } from '@sluice/events'
import { ScramKeyCache } from '@sluice/identity'
import { type CatalogSnapshot, knownFunctions } from '@sluice/mask'
import type { GovernedConnection } from '../handshake/admit.ts'
import { BEGIN, CATALOG_QUESTIONS, DATABASE_QUESTION, quietQuestion } from './catalog-questions.ts'
import { type CatalogAnswer, CatalogSession } from './catalog-session.ts'
import { foreignKeysFrom, relationsFrom, standardFrom, typesFrom } from './snapshot-parts.ts'
import { ViewOrigins } from './view-origins.ts'

export type CatalogReaderOptions = {
  readonly connection: Pick<GovernedConnection, 'name' | 'address' | 'database' | 'user' | 'password'>
  /** Of the whole reading. */
  readonly timeoutMs: number
}

type DatabaseFacts = Pick<CatalogSnapshot, 'connection' | 'databaseId' | 'databaseName' | 'serverMajor'>
type Answers = Readonly<Record<keyof typeof CATALOG_QUESTIONS, CatalogAnswer>>

export class CatalogReader {
  readonly #options: CatalogReaderOptions
  readonly #keyCache = new ScramKeyCache()
  readonly #views = new ViewOrigins()
  #last: { readonly digest: string; readonly catalog: CatalogSnapshot } | null = null
  #mayQuiet = false

  constructor(options: CatalogReaderOptions) {
    this.#options = options
  }

  /** Whether sessions of the gateway's role may say what the server logs of them, as of the last reading. */
  get mayQuiet(): boolean {
    return this.#mayQuiet
  }

  /** The very object of the last reading where nothing has changed. Throws UpstreamFailed, also where `signal` ends it. */
  async read(signal?: AbortSignal): Promise<CatalogSnapshot> {
    const { connection, timeoutMs } = this.#options
    const { name, address, database, user, password } = connection
    const login = { database, user, password: await password(), keyCache: this.#keyCache }
    const timeout = AbortSignal.timeout(timeoutMs)
    const ending = signal === undefined ? timeout : AbortSignal.any([signal, timeout])
    const session = await CatalogSession.open(address, login, ending)
    try {
      await session.ask(BEGIN)
      return await this.#snapshot(session, name)
    } finally {
      session.close()
    }
  }

  async #snapshot(session: CatalogSession, connection: string): Promise<CatalogSnapshot> {
    const facts = await databaseFacts(session, connection)
    const [quiet] = (await session.ask(quietQuestion(facts.serverMajor))).rows()
    this.#mayQuiet = quiet?.[0] === 't'
    const answers: Partial<Record<keyof Answers, CatalogAnswer>> = {}
    for (const [question, sql] of Object.entries(CATALOG_QUESTIONS)) {
      answers[question as keyof Answers] = await session.ask(sql)
    }
    const digest = JSON.stringify([facts, ...Object.values(answers).map((answer) => answer.digest())])
    if (this.#last?.digest === digest) return this.#last.catalog
    const catalog = await this.#catalog(session, facts, answers as Answers)
    this.#last = { digest, catalog }
    return catalog
  }

  async #catalog(session: CatalogSession, facts: DatabaseFacts, answers: Answers): Promise<CatalogSnapshot> {
    const { serverMajor } = facts
    const standard = standardFrom(answers.standard.rows())
    const known = knownFunctions(serverMajor, standard)
    const views = await this.#views.read(session, answers.definitions.rows(), serverMajor, known)
    return {
      ...facts,
      relations: relationsFrom({
        relations: answers.relations.rows(),
        columns: answers.columns.rows(),
        keys: answers.keys.rows(),
        indexes: answers.indexes.rows(),
        places: answers.places.rows(),
        code: answers.code.rows(),
        views,
        serverMajor,
        known,
      }),
      foreignKeys: foreignKeysFrom(answers.foreignKeys.rows()),
      types: typesFrom(answers.types.rows(), serverMajor, known),
      standard,
    }
  }
}

async function databaseFacts(session: CatalogSession, connection: string): Promise<DatabaseFacts> {
  const [row = []] = (await session.ask(DATABASE_QUESTION)).rows()
  const [databaseId = null, databaseName = null, version = null] = row
  if (databaseId === null || databaseName === null || version === null) {
    throw new UpstreamFailed('upstream_catalog', 'the upstream does not say which database this is')
  }
  return { connection, databaseId: Number(databaseId), databaseName, serverMajor: Math.trunc(Number(version) / 10_000) }
}
