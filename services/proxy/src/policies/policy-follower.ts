// The policy set in force: the newest that the console signed, compiled. What can't be trusted or does not compile is
// an incident; the last good set then holds for a time, and after it nothing is permitted until a newer good one comes.

import { type PolicySet, PolicyUnavailable, TOPICS } from '@sluice/events'
import { type Detectors, detectors, NO_MASKING_RULES } from '@sluice/mask'
import { CURRENT_POLICIES, PolicyEngine, publishedSource } from '@sluice/policy'
import type { ControlReader, TrustedRecord } from '@sluice/trust'
import type { IncidentCode, ProxyIncident, ReportIncident } from '../incidents.ts'
import { unavailableProblem } from './unavailable.ts'

type PolicyReader = Pick<ControlReader<typeof TOPICS.policies>, 'catchUp' | 'follow' | 'close'>
type PolicyRecord = Pick<TrustedRecord<typeof TOPICS.policies>, 'key' | 'content'>

/** What a session needs of it. */
export interface Policies {
  /** Throws PolicyUnavailable where there is no set that may be used. */
  current(): PolicyEngine
  /** Calls back with each newer set; returns how to stop that. */
  onChange(listener: (engine: PolicyEngine) => void): () => void
}

export type PolicyFollowerOptions = {
  /** How long the last good set holds after an incident. */
  readonly maxAgeMs: number
  readonly nowMs: () => number
  readonly onIncident: ReportIncident
}

export class PolicyFollower implements Policies {
  readonly #options: PolicyFollowerOptions
  readonly #listeners = new Set<(engine: PolicyEngine) => void>()
  #engine: PolicyEngine | null = null
  #detectors = detectors(NO_MASKING_RULES)
  /** Of the first incident since the last good set. */
  #distrustedSince: number | null = null
  #reader: PolicyReader | null = null

  constructor(options: PolicyFollowerOptions) {
    this.#options = options
  }

  /** Resolves when everything that was published before is known; goes on from there. */
  async follow(reader: PolicyReader): Promise<void> {
    this.#reader = reader
    await reader.catchUp((record) => this.#take(record))
    reader.follow((record) => this.#take(record))
  }

  /** For what the reader did not accept. */
  notice(incident: ProxyIncident): void {
    this.#options.onIncident(incident)
    if (incident.key === CURRENT_POLICIES) this.#distrustedSince ??= this.#options.nowMs()
  }

  current(): PolicyEngine {
    const { maxAgeMs, nowMs } = this.#options
    if (this.#engine === null) {
      throw new PolicyUnavailable(
        'policy_missing',
        'no policies are known here yet, so nothing is permitted; try again in a moment, and if it goes on ask the operator to run ./sluice policy apply',
      )
    }
    if (this.#distrustedSince !== null && nowMs() - this.#distrustedSince > maxAgeMs) {
      throw new PolicyUnavailable(
        'policy_stale',
        'the published policies can not be trusted, and the last good ones are too old by now, so nothing is permitted; ask the operator to look at the incidents and to run ./sluice policy apply',
      )
    }
    return this.#engine
  }

  onChange(listener: (engine: PolicyEngine) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Null while there is a set that may be used, else why not, in words for an operator. */
  problem(): string | null {
    return unavailableProblem(() => this.current())
  }

  /** With the patterns of the set in force. What its masking rules say of columns comes as plans. */
  get detectors(): Detectors {
    return this.#detectors
  }

  /** The version in force; null where there is none. */
  get version(): string | null {
    return this.#engine?.version ?? null
  }

  /** Resolves when there is a set; rejects with PolicyUnavailable where none comes in time, or `signal` ends it. */
  async first(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.#engine !== null) return
    const ended = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const giveUp = (): void =>
      reject(
        new PolicyUnavailable(
          'policy_missing',
          `no usable policies were published within ${timeoutMs / 1000} s, so the proxy can't decide anything; start the console, which publishes them, or look for incidents above`,
        ),
      )
    const stopListening = this.onChange(() => resolve())
    ended.addEventListener('abort', giveUp)
    if (ended.aborted) giveUp()
    try {
      await promise
    } finally {
      stopListening()
      ended.removeEventListener('abort', giveUp)
    }
  }

  async close(): Promise<void> {
    await this.#reader?.close()
    this.#listeners.clear()
  }

  #take({ key, content }: PolicyRecord): void {
    if (key !== CURRENT_POLICIES) return
    const compiled = this.#compiled(content)
    if (compiled === null) return
    const { engine } = compiled
    this.#distrustedSince = null
    this.#engine = engine
    this.#detectors = compiled.detectors
    for (const listener of this.#listeners) listener(engine)
  }

  /** Null after an incident. */
  #compiled(set: PolicySet): { readonly engine: PolicyEngine; readonly detectors: Detectors } | null {
    try {
      const source = publishedSource(set)
      if (source === null) return this.#refuse('policy_content', 'the published set is not what its hash says')
      return { engine: PolicyEngine.compile(source, set.contentHash), detectors: detectors(source.masking) }
    } catch (error) {
      // Whatever kept it from being compiled, a bug of ours too: it must not look as if nothing had been published.
      return this.#refuse('policy_invalid', error instanceof Error ? error.message : String(error))
    }
  }

  #refuse(code: IncidentCode, detail: string): null {
    this.notice({ code, topic: TOPICS.policies, key: CURRENT_POLICIES, detail })
    return null
  }
}
