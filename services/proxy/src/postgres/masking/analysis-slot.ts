// Waits for what the server prints of one statement that it was asked to analyse: exactly one tree, or it is refused.

import type { ServerReport } from './server-report.ts'

export type ParseOutcome =
  | { readonly kind: 'tree'; readonly dump: string }
  /** Something else came, or more, or nothing: whatever it was, it is not relied on. */
  | { readonly kind: 'strange'; readonly what: string }
  /** The server refused the statement, and the client was told. */
  | { readonly kind: 'failed' }
  /** Something before it failed: the server reads nothing up to Sync. */
  | { readonly kind: 'ignored' }

export class AnalysisSlot {
  readonly outcome: Promise<ParseOutcome>
  readonly #settle: (outcome: ParseOutcome) => void
  #dump: string | null = null
  #strange: string | null = null

  constructor() {
    const { promise, resolve } = Promise.withResolvers<ParseOutcome>()
    this.outcome = promise
    this.#settle = resolve
  }

  reported(report: ServerReport): void {
    if (report.kind === 'tree') {
      if (this.#dump !== null) this.#strange ??= 'more than one tree'
      this.#dump = report.dump
    } else if (report.kind === 'log' || report.nested) {
      // Code of the database's own ran, which could print what looks like a tree.
      this.#strange ??= 'reports of code that ran during the analysis'
    }
  }

  /** The server has analysed it. */
  completed(): void {
    if (this.#strange !== null) return this.#settle({ kind: 'strange', what: this.#strange })
    if (this.#dump === null) return this.#settle({ kind: 'strange', what: 'no tree' })
    this.#settle({ kind: 'tree', dump: this.#dump })
  }

  failed(): void {
    this.#settle({ kind: 'failed' })
  }

  ignored(): void {
    this.#settle({ kind: 'ignored' })
  }
}
