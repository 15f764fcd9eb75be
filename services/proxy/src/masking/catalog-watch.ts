// Looks at the catalog of one database: at the start, every now and then, and when somebody asks. What changed is
// published for the masker, which makes the plan of it. A look that fails ends nothing: it is told and done again.

import { setTimeout as sleep } from 'node:timers/promises'
import type { PublishedCatalog } from '@sluice/events'
import { type CatalogSnapshot, catalogHash, packCatalog } from '@sluice/mask'
import type { Logger } from '@sluice/service'

/** Between two looks, whoever asks and how often; where a look takes long, twice as long as the last one. */
const GAP_MS = 250
const GAP_OF_LOOK = 2
/** After a failure: so long at first, then twice as long each time, up to the usual time between looks. */
const RETRY_MS = 1_000

/** What a look has found. */
export type CatalogLook = {
  readonly databaseId: number
  readonly serverMajor: number
  readonly hash: string
  readonly catalog: CatalogSnapshot
}

export type CatalogWatchOptions = {
  readonly connection: string
  readonly nodeId: string
  readonly read: (signal: AbortSignal) => Promise<CatalogSnapshot>
  readonly publish: (catalog: PublishedCatalog) => Promise<unknown>
  readonly everyMs: number
  readonly onLook: (look: CatalogLook) => void
  readonly log: Pick<Logger, 'info' | 'error'>
}

export class CatalogWatch {
  readonly #options: CatalogWatchOptions
  readonly #closing = new AbortController()
  /** Of what the log has: nothing is published twice by this process. */
  #published: string | null = null
  #running: Promise<CatalogLook | null> | null = null
  /** The look after the one that runs: for those who asked when it had begun. */
  #next: Promise<CatalogLook | null> | null = null
  #nextFrom = Number.NEGATIVE_INFINITY
  #last: CatalogLook | null = null
  #failures = 0
  #watching: Promise<void> = Promise.resolve()

  constructor(options: CatalogWatchOptions) {
    this.#options = options
  }

  /** The first look begins at once. */
  start(): void {
    this.#watching = this.#watch()
  }

  /**
   * What the catalog says from now on; null where it can't be read. Never rejects. Many who ask share a look, and looks
   * keep a distance.
   */
  look(): Promise<CatalogLook | null> {
    if (this.#running === null) return this.#begin()
    this.#next ??= this.#running.then(() => this.#begin())
    return this.#next
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#watching
    await this.#next
    await this.#running
  }

  async #watch(): Promise<void> {
    const { everyMs } = this.#options
    while (!this.#closing.signal.aborted) {
      await this.look()
      const waitMs = this.#failures === 0 ? everyMs : Math.min(everyMs, RETRY_MS * 2 ** (this.#failures - 1))
      await this.#pause(waitMs)
    }
  }

  #begin(): Promise<CatalogLook | null> {
    this.#next = null
    this.#running = this.#look().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #look(): Promise<CatalogLook | null> {
    await this.#pause(this.#nextFrom - performance.now())
    if (this.#closing.signal.aborted) return null
    const began = performance.now()
    const { connection, read, onLook, log } = this.#options
    try {
      const look = this.#lookAt(await read(this.#closing.signal))
      await this.#publish(look)
      onLook(look)
      if (this.#failures > 0) log.info({ event: 'catalog_readable', connection }, 'the catalog can be read again')
      this.#failures = 0
      return look
    } catch (error) {
      if (this.#closing.signal.aborted) return null
      if (this.#failures++ === 0) {
        const code = (error as { readonly code?: string }).code ?? 'bug'
        log.error(
          { event: 'catalog_failed', connection, code, err: error },
          'the catalog could not be read and published: the plan that is there holds for a time, and no new column is known',
        )
      }
      return null
    } finally {
      const ended = performance.now()
      this.#nextFrom = ended + Math.max(GAP_MS, GAP_OF_LOOK * (ended - began))
    }
  }

  #lookAt(catalog: CatalogSnapshot): CatalogLook {
    // Hashing a large one takes a while, and seldom has anything changed.
    if (this.#last?.catalog === catalog) return this.#last
    const { databaseId, serverMajor } = catalog
    this.#last = { databaseId, serverMajor, hash: catalogHash(catalog), catalog }
    return this.#last
  }

  async #publish({ databaseId, serverMajor, hash, catalog }: CatalogLook): Promise<void> {
    if (this.#published === hash) return
    const { connection, nodeId, publish, log } = this.#options
    await publish({ connection, nodeId, databaseId, serverMajor, contentHash: hash, body: packCatalog(catalog) })
    this.#published = hash
    log.info(
      { event: 'catalog_published', connection, hash, relations: catalog.relations.length },
      'a catalog was published',
    )
  }

  /** Ends at once when the watch is closed. */
  async #pause(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: this.#closing.signal }).catch(() => undefined)
  }
}
