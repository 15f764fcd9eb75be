// How often what was seen where: a fold over sightings, without I/O. It says what is worth telling, and when a plan is
// raised.

import type { FindingPlace, PublishedFinding } from '@sluice/events'
import type { MaskingRules, Tag } from '@sluice/mask'

/** Beyond them the one that was seen longest ago is forgotten. */
const MAX_PLACES = 10_000
/** A place is told again when so many times as much was seen there. */
const TELL_AGAIN = 10
const PERCENT = 100

export type Sighting = {
  readonly connection: string
  readonly place: FindingPlace
  readonly tag: Tag
  /** From 0 to 1. */
  readonly confidence: number
}

type Counted = {
  count: number
  /** Of them those that are sure enough to raise a plan. */
  sure: number
  told: number
  raised: boolean
  /** Percent. */
  confidence: number
}

export type Worth = {
  readonly count: number
  readonly confidence: number
  /** From now on the plan tags the place. */
  readonly raises: boolean
}

export class FindingBook {
  readonly #places = new Map<string, Counted>()

  /** What a finding that was published said. */
  restore({ connection, place, tag, count, confidence, raised }: PublishedFinding): void {
    const counted = this.#of(connection, place, tag)
    counted.count = Math.max(counted.count, count)
    counted.told = Math.max(counted.told, count)
    counted.raised ||= raised
    counted.confidence = Math.max(counted.confidence, confidence)
  }

  /**
   * Null where it need not be told (again).
   * @param isRaisable the plan can tag the place
   */
  see(
    { connection, place, tag, confidence }: Sighting,
    { minConfidence, minCount }: MaskingRules['raise'],
    isRaisable: boolean,
  ): Worth | null {
    const counted = this.#of(connection, place, tag)
    counted.count += 1
    if (confidence >= minConfidence) counted.sure += 1
    counted.confidence = Math.max(counted.confidence, Math.floor(confidence * PERCENT))
    const raises = isRaisable && !counted.raised && counted.sure >= minCount
    counted.raised ||= raises
    if (!raises && counted.told > 0 && counted.count < TELL_AGAIN * counted.told) return null
    counted.told = counted.count
    return { count: counted.count, confidence: counted.confidence, raises }
  }

  #of(connection: string, place: FindingPlace, tag: Tag): Counted {
    const key = JSON.stringify([connection, place.kind, place.databaseId, place.relid, place.attno, place.name, tag])
    const counted = this.#places.get(key) ?? { count: 0, sure: 0, told: 0, raised: false, confidence: 0 }
    this.#places.delete(key)
    this.#places.set(key, counted)
    const [oldest] = this.#places.keys()
    if (this.#places.size > MAX_PLACES && oldest !== undefined) this.#places.delete(oldest)
    return counted
  }
}

const MAX_EXAMPLE_CHARACTERS = 60

/** The shape of a value: `aaa@aaaaaaa.aaa`, `999-99-9999`. */
export function maskedExample(value: string): string {
  const shape = value
    .replace(/\p{N}/gu, '9')
    .replace(/\p{L}/gu, 'a')
    .replace(/[^9a .,:;@/_+=-]/gu, '?')
  return shape.length > MAX_EXAMPLE_CHARACTERS ? `${shape.slice(0, MAX_EXAMPLE_CHARACTERS - 1)}…` : shape
}
