// What keeps the indexer from being ready, in words for an operator.

import type { Readiness } from '@sluice/service'

export class Problems {
  readonly #open = new Map<string, string>()

  found(topic: string, reason: string): void {
    this.#open.set(topic, reason)
  }

  solved(topic: string): void {
    this.#open.delete(topic)
  }

  readiness(): Readiness {
    return this.#open.size === 0 ? { ready: true } : { ready: false, reasons: [...this.#open.values()] }
  }
}

/** A code without a message: messages of the database can quote rows. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const code = 'code' in error ? String(error.code) : error.name
  return 'type' in error && typeof error.type === 'string' ? `${code} ${error.type}` : code
}
