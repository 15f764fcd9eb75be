// The bounds of the block that is being written, for each partition, on disk before its first insert. After a crash the
// same bounds give the same rows and the same tokens, and what is there already is not written again.

import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { ConfigInvalid } from '@sluice/events'

export type BlockBounds = {
  readonly topic: string
  readonly partition: number
  readonly first: number
  readonly last: number
  /** The highest offset in the index before this block, -1 where there was none: tells an index that was replaced. */
  readonly indexedBefore: number
  /** Whether its undecodable records are in the dead-letter topic already. */
  readonly deadLettered: boolean
}

export class BlockLedger {
  readonly #file: string
  readonly #bounds: Map<string, BlockBounds>

  private constructor(file: string, bounds: readonly BlockBounds[]) {
    this.#file = file
    this.#bounds = new Map(bounds.map((block) => [keyOf(block.topic, block.partition), block]))
  }

  /** @throws ConfigInvalid `ledger_unreadable` */
  static open(file: string): BlockLedger {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    return new BlockLedger(file, read(file))
  }

  get(topic: string, partition: number): BlockBounds | null {
    return this.#bounds.get(keyOf(topic, partition)) ?? null
  }

  /** Returns when the bounds are on disk. */
  write(block: BlockBounds): void {
    this.#bounds.set(keyOf(block.topic, block.partition), block)
    const next = `${this.#file}.next`
    const file = openSync(next, 'w', 0o600)
    try {
      writeSync(file, JSON.stringify([...this.#bounds.values()]))
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(next, this.#file)
    syncDirectory(dirname(this.#file))
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic}:${partition}`
}

function read(file: string): readonly BlockBounds[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
  try {
    const blocks: unknown = JSON.parse(text)
    if (Array.isArray(blocks) && blocks.every(isBounds)) return blocks
  } catch {
    // Reported below, as is JSON of another shape.
  }
  throw new ConfigInvalid(
    'ledger_unreadable',
    `${file} is damaged, so the block that was last written to the index is unknown; restore the file, or delete the index's folder to build the index again from the log`,
  )
}

function isBounds(value: unknown): value is BlockBounds {
  if (typeof value !== 'object' || value === null) return false
  const { topic, partition, first, last, indexedBefore, deadLettered } = value as Record<string, unknown>
  const numbers = [partition, first, last, indexedBefore].every((number) => Number.isSafeInteger(number))
  return typeof topic === 'string' && typeof deadLettered === 'boolean' && numbers
}

function syncDirectory(dir: string): void {
  const handle = openSync(dir, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
