// What the masker found where the plan expects nothing sensitive: the latest word on each place and tag, bounded.
import { isoMicros, type PublishedFinding } from '@sluice/events'

export const MAX_FINDINGS = 5_000

export type FindingView = {
  readonly connection: string
  readonly place: string
  readonly kind: string
  readonly tag: string
  readonly detector: string
  readonly confidence: number
  readonly count: number
  readonly example: string
  readonly raised: boolean
  readonly time: string
  readonly eventId: string
  readonly sessionId: string
}

export class FindingsBook {
  /** In the order in which they were told last. */
  readonly #byPlace = new Map<string, PublishedFinding>()

  apply(finding: PublishedFinding): void {
    const key = JSON.stringify([finding.connection, finding.place, finding.tag])
    this.#byPlace.delete(key)
    this.#byPlace.set(key, finding)
    const [oldest] = this.#byPlace.keys()
    if (this.#byPlace.size > MAX_FINDINGS && oldest !== undefined) this.#byPlace.delete(oldest)
  }

  /** The latest first. */
  list(connection: string | null): readonly FindingView[] {
    const found = [...this.#byPlace.values()].filter((each) => connection === null || each.connection === connection)
    return found.reverse().map(viewOf)
  }
}

function viewOf({ place, time, ...finding }: PublishedFinding): FindingView {
  const { connection, tag, detector, confidence, count, example, raised, eventId, sessionId } = finding
  return {
    connection,
    place: place.name,
    kind: place.kind,
    tag,
    detector,
    confidence,
    count,
    example,
    raised,
    time: isoMicros(time),
    eventId,
    sessionId,
  }
}
