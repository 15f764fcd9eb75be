// What the names of prepared statements and portals stand for in the upstream, although requests are pipelined and any
// of them may fail. An epoch ends at each ReadyForQuery. A definition counts at once inside its own epoch (if it fails,
// so does all that follows there), and for later epochs only after the upstream confirmed it.

export type Lookup<T> =
  | { readonly kind: 'found'; readonly value: T }
  | { readonly kind: 'missing' }
  /** It depends on an answer that is still to come. */
  | { readonly kind: 'unsettled' }

type Epoch<T> = { readonly number: number; readonly changes: Map<string, T | null> }

const MISSING = { kind: 'missing' } as const
const UNSETTLED = { kind: 'unsettled' } as const

/** Every name. A symbol, for any text may be a name. */
export const ALL_NAMES = Symbol('all names')

export class NameRegistry<T> {
  readonly #settled = new Map<string, T>()
  #epochs: Epoch<T>[] = []
  #inFlight = 0

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
    let last = this.#epochs.at(-1)
    if (last?.number !== epoch) {
      last = { number: epoch, changes: new Map() }
      this.#epochs.push(last)
    }
    if (!last.changes.has(name)) this.#inFlight++
    last.changes.set(name, value)
  }

  /** The upstream confirmed a change. */
  confirm(name: string, value: T | null): void {
    if (value === null) this.#settled.delete(name)
    else this.#settled.set(name, value)
  }

  /** The upstream is ready again: what it did not confirm in that epoch did not happen. */
  endEpoch(epoch: number): void {
    let first = this.#epochs[0]
    while (first !== undefined && first.number <= epoch) {
      this.#inFlight -= first.changes.size
      this.#epochs.shift()
      first = this.#epochs[0]
    }
  }

  /** Forgets a settled name, or all of them. */
  forget(name: string | typeof ALL_NAMES): void {
    if (name === ALL_NAMES) this.#settled.clear()
    else this.#settled.delete(name)
  }
}
