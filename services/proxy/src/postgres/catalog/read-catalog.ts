// Reads what a database says of itself, in one snapshot of it, with a session of the gateway's own.

import { UpstreamFailed } from '@sluice/events'
import { ScramKeyCache } from '@sluice/identity'
import { type CatalogSnapshot, knownFunctions } from '@sluice/mask'
import type { GovernedConnection } from '../handshake/admit.ts'
import { CATALOG_QUESTIONS, type CatalogQuestion } from './catalog-questions.ts'
import { CatalogSession } from './catalog-session.ts'
import { foreignKeysFrom, relationsFrom, standardFrom, typesFrom } from './snapshot-parts.ts'
import { ViewOrigins } from './view-origins.ts'

/** `GRANT SET ON PARAMETER` is there from this version on. */
const FIRST_WITH_GRANTS = 15

export type CatalogReaderOptions = {
  readonly connection: Pick<GovernedConnection, 'name' | 'address' | 'database' | 'user' | 'password'>
  /** Of the whole reading. */
  readonly timeoutMs: number
}

export class CatalogReader {
  readonly #options: CatalogReaderOptions
  readonly #keyCache = new ScramKeyCache()
  readonly #views = new ViewOrigins()
  #mayQuiet = false

  constructor(options: CatalogReaderOptions) {
    this.#options = options
  }

  /** Whether sessions of the gateway's role may say what the server logs of them, as of the last reading. */
  get mayQuiet(): boolean {
    return this.#mayQuiet
  }

  /** Throws UpstreamFailed, also where `signal` ends it. */
  async read(signal?: AbortSignal): Promise<CatalogSnapshot> {
    const { connection, timeoutMs } = this.#options
    const { name, address, database, user, password } = connection
    const login = { database, user, password: await password(), keyCache: this.#keyCache }
    const timeout = AbortSignal.timeout(timeoutMs)
    const ending = signal === undefined ? timeout : AbortSignal.any([signal, timeout])
    const session = await CatalogSession.open(address, login, ending)
    try {
      await session.rows(CATALOG_QUESTIONS.begin)
      return await this.#snapshot(session, name)
    } finally {
      session.close()
    }
  }

  async #snapshot(session: CatalogSession, connection: string): Promise<CatalogSnapshot> {
    const ask = (question: CatalogQuestion) => session.rows(CATALOG_QUESTIONS[question])
    const [databaseId = null, databaseName = null, version = null] = (await ask('database'))[0] ?? []
    if (databaseId === null || databaseName === null || version === null) {
      throw new UpstreamFailed('upstream_catalog', 'the upstream does not say which database this is')
    }
    const serverMajor = Math.trunc(Number(version) / 10_000)
    const [mayQuiet] = await ask(serverMajor < FIRST_WITH_GRANTS ? 'mayQuiet' : 'mayQuietByGrant')
    this.#mayQuiet = mayQuiet?.[0] === 't'
    const standard = standardFrom(await ask('standard'))
    const known = knownFunctions(serverMajor, standard)
    const views = await this.#views.read(session, serverMajor, known)
    return {
      connection,
      databaseId: Number(databaseId),
      databaseName,
      serverMajor,
      relations: relationsFrom({
        relations: await ask('relations'),
        columns: await ask('columns'),
        keys: await ask('keys'),
        places: await ask('places'),
        code: await ask('code'),
        views,
        serverMajor,
        known,
      }),
      foreignKeys: foreignKeysFrom(await ask('foreignKeys')),
      types: typesFrom(await ask('types'), serverMajor, known),
      standard,
    }
  }
}
