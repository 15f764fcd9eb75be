// The highest versions that were trusted, in a file that is written before a record is acted on: so that a log which
// was cut back while the service was down is noticed.

import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { ConfigInvalid, PolicyUnavailable, type TopicName } from '@sluice/events'
import type { Place } from './version-check.ts'

/** More than any installation has keys and policy sets; topics with a key for each request are not remembered here. */
export const MAX_REMEMBERED = 10_000
const FORMAT = 1
const SHA256_HEX = /^[0-9a-f]{64}$/

type Stored = {
  readonly format: typeof FORMAT
  readonly places: Readonly<
    Record<string, Readonly<Record<string, { readonly version: number; readonly hash: string }>>>
  >
}

export class VersionMemory {
  readonly #file: string
  readonly #places: Map<string, Map<string, Place>>

  /** Throws ConfigInvalid where the file is there and can't be read: going on would forget what was trusted. */
  static open(file: string): VersionMemory {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    return new VersionMemory(file, readPlaces(file))
  }

  private constructor(file: string, places: Map<string, Map<string, Place>>) {
    this.#file = file
    this.#places = places
  }

  highest(topic: TopicName, key: string): Place | null {
    return this.#places.get(topic)?.get(key) ?? null
  }

  /** Everything that is remembered of a topic, by record key. */
  of(topic: TopicName): ReadonlyMap<string, Place> {
    return this.#places.get(topic) ?? new Map()
  }

  /** Returns when it is on the disk. Throws PolicyUnavailable where it can't be: then the record must not be acted on. */
  remember(topic: TopicName, key: string, place: Place): void {
    const before = this.highest(topic, key)
    if (before !== null && before.version >= place.version) return
    const places = this.#places.get(topic) ?? new Map<string, Place>()
    if (before === null && this.#size() >= MAX_REMEMBERED) {
      throw new PolicyUnavailable(
        'trust_memory_full',
        `${this.#file} holds ${MAX_REMEMBERED} records already; stop the service, and move the file away if the log is in order`,
      )
    }
    this.#places.set(topic, places.set(key, place))
    try {
      writeDurably(this.#file, this.#text())
    } catch (cause) {
      if (before === null) places.delete(key)
      else places.set(key, before)
      throw new PolicyUnavailable(
        'trust_memory_unwritable',
        `${this.#file} can't be written, so version ${place.version} of a signed record was not accepted; is the disk full?`,
        { cause },
      )
    }
  }

  #size(): number {
    let size = 0
    for (const places of this.#places.values()) size += places.size
    return size
  }

  #text(): string {
    const entries = (places: Map<string, Place>) =>
      Object.fromEntries([...places].map(([key, { version, hash }]) => [key, { version, hash: hash.toString('hex') }]))
    const places = Object.fromEntries([...this.#places].map(([topic, all]) => [topic, entries(all)]))
    return `${JSON.stringify({ format: FORMAT, places } satisfies Stored, null, 1)}\n`
  }
}

function readPlaces(file: string): Map<string, Map<string, Place>> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return new Map()
    throw damaged(file, cause)
  }
  try {
    const { format, places } = JSON.parse(text) as Stored
    if (format !== FORMAT) throw new Error('its format is another')
    return new Map(
      Object.entries(places).map(([topic, all]) => [
        topic,
        new Map(Object.entries(all).map(([key, { version, hash }]) => [key, placeOf(version, hash)])),
      ]),
    )
  } catch (cause) {
    throw damaged(file, cause)
  }
}

function placeOf(version: number, hash: string): Place {
  if (!Number.isSafeInteger(version) || !SHA256_HEX.test(hash)) throw new Error('a place in it is none')
  return { version, hash: Buffer.from(hash, 'hex') }
}

function damaged(file: string, cause: unknown): ConfigInvalid {
  return new ConfigInvalid(
    'trust_memory_unreadable',
    `${file} remembers the highest versions of signed records and can't be read; put it back from a copy, or move it away, which trusts the log as it is now`,
    { cause },
  )
}

/** The file is never half written; a crash leaves the old or the new one. */
function writeDurably(file: string, text: string): void {
  const partial = `${file}.${process.pid}.partial`
  rmSync(partial, { force: true })
  const descriptor = openSync(partial, 'wx', 0o600)
  try {
    const bytes = Buffer.from(text)
    for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written)
    fsyncSync(descriptor)
  } catch (error) {
    rmSync(partial, { force: true })
    throw error
  } finally {
    closeSync(descriptor)
  }
  renameSync(partial, file)
  const directory = openSync(dirname(file), 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
