// How many different constants each subject compares with sensitive columns, by tag and day. Kept in memory, as keyed
// hashes: the values themselves are nowhere.

import { createHmac, randomBytes } from 'node:crypto'

const DAY_MS = 86_400_000
/** Of subjects and tags of one day; beyond it nothing more is compared. */
const MAX_COUNTED = 100_000

/** What one subject may still compare on one connection. */
export interface SubjectBudget {
  /** Counts the constants that `what` stands for, a tag and a use; false, counting none, where there would be more than `perDay` different ones today. */
  spend(what: string, constants: readonly string[], perDay: number): boolean
}

export class TouchBudget {
  readonly #key = randomBytes(32)
  readonly #nowMs: () => number
  #day = 0
  #counted = new Map<string, Set<string>>()

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** `who`: subject and connection in one text. */
  of(who: string): SubjectBudget {
    return { spend: (what, constants, perDay) => this.#spend(JSON.stringify([who, what]), constants, perDay) }
  }

  #spend(key: string, constants: readonly string[], perDay: number): boolean {
    this.#startDay()
    const counted = this.#counted.get(key) ?? new Set<string>()
    const fresh = new Set(constants.map((constant) => this.#digest(key, constant)).filter((each) => !counted.has(each)))
    if (counted.size + fresh.size > perDay) return false
    if (!this.#counted.has(key)) {
      if (this.#counted.size >= MAX_COUNTED) return false
      this.#counted.set(key, counted)
    }
    for (const each of fresh) counted.add(each)
    return true
  }

  #digest(key: string, constant: string): string {
    return createHmac('sha256', this.#key).update(key).update('\0').update(constant).digest('base64')
  }

  #startDay(): void {
    const day = Math.floor(this.#nowMs() / DAY_MS)
    if (day === this.#day) return
    this.#day = day
    this.#counted = new Map()
  }
}
