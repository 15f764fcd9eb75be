// What the names of prepared statements and portals stand for in the upstream, although requests are pipelined and any
// of them may fail. An epoch ends at each ReadyForQuery. A definition counts at once inside its own epoch (if it fails,
// so does all that follows there), and for later epochs only after the upstream confirmed it.

export type Lookup<T> =
  | { readonly kind: 'found'; readonly value: T }
  | { readonly kind: 'missing' }
  /** It depends on an answer that is still to come. */
  | { readonly kind: 'unsettled' }

type Epoch<T> = { readonly number: number; readonly changes: Map<string, T | null>; bytes: number }

const MISSING = { kind: 'missing' } as const
const UNSETTLED = { kind: 'unsettled' } as const

/** Every name. A symbol, for any text may be a name. */
export const ALL_NAMES = Symbol('all names')

export class NameRegistry<T> {
  readonly #bytesOf: (value: T) => number
  readonly #settled = new Map<string, T>()
  #epochs: Epoch<T>[] = []
  #inFlight = 0
  #bytes = 0

  /** `bytesOf` estimates the memory of what a name stands for. */
  constructor(bytesOf: (value: T) => number) {
    this.#bytesOf = bytesOf
  }

  /** Of all that is kept, in flight or settled. */
  get bytes(): number {
    return this.#bytes
  }

  /** Names that the upstream may hold. */
  get size(): number {
    return this.#settled.size + this.#inFlight
  }

  lookup(name: string, epoch: number): Lookup<T> {
    for (let index = this.#epochs.length - 1; index >= 0; index--) {
      const change = (this.#epochs[index] as Epoch<T>).changes.get(name)
      if (change === undefined) continue
      if ((this.#epochs[index] as Epoch<T>).number !== epoch) return UNSETTLED
      return change === null ? MISSING : { kind: 'found', value: change }
    }
    const value = this.#settled.get(name)
    return value === undefined ? MISSING : { kind: 'found', value }
  }

  /** The upstream was asked to give `name` this meaning; null takes it away. */
  change(name: string, value: T | null, epoch: number): void {
    // Who closes names without end must not fill the memory with them.
    if (value === null && !this.#knows(name)) return
    let last = this.#epochs.at(-1)
    if (last?.number !== epoch) {
      last = { number: epoch, changes: new Map(), bytes: 0 }
      this.#epochs.push(last)
    }
    const before = last.changes.get(name)
    if (before === undefined) this.#inFlight++
    const bytes = this.#sizeOf(value) - this.#sizeOf(before)
    last.bytes += bytes
    this.#bytes += bytes
    last.changes.set(name, value)
  }

  /** The upstream confirmed a change. */
  confirm(name: string, value: T | null): void {
    this.forget(name)
    if (value === null) return
    this.#settled.set(name, value)
    this.#bytes += this.#sizeOf(value)
  }

  /** The upstream is ready again: what it did not confirm in that epoch did not happen. */
  endEpoch(epoch: number): void {
    let first = this.#epochs[0]
    while (first !== undefined && first.number <= epoch) {
      this.#inFlight -= first.changes.size
      this.#bytes -= first.bytes
      this.#epochs.shift()
      first = this.#epochs[0]
    }
  }

  /** Forgets a settled name, or all of them. */
  forget(name: string | typeof ALL_NAMES): void {
    if (name === ALL_NAMES) {
      for (const value of this.#settled.values()) this.#bytes -= this.#sizeOf(value)
      this.#settled.clear()
      return
    }
    this.#bytes -= this.#sizeOf(this.#settled.get(name))
    this.#settled.delete(name)
  }

  /** Forgets the settled names whose values are so. */
  forgetWhere(isSo: (value: T) => boolean): void {
    for (const [name, value] of this.#settled) if (isSo(value)) this.forget(name)
  }

  #knows(name: string): boolean {
    return this.#settled.has(name) || this.#epochs.some(({ changes }) => changes.has(name))
  }

  #sizeOf(value: T | null | undefined): number {
    return value === null || value === undefined ? 0 : this.#bytesOf(value)
  }
}
