// Simple queries of a session that masks, statement by statement, up to the ReadyForQuery that the client waits for.

import type { Holds } from '../hold/hold.ts'
import * as encode from '../wire/encode.ts'
import type { Analyses } from './analyses.ts'
import type { Delivery } from './delivery.ts'
import type { ExtendedRequests } from './extended-requests.ts'
import type { Handled } from './handled.ts'
import type { MaskedPortals } from './masked-portals.ts'
import { QueryScript } from './query-script.ts'
import { READING_CHANGED, type ReadingGuard } from './reading-guard.ts'
import { AS_IT_IS, type MaskedReply } from './reply-queue.ts'
import type { ReadStatement, StatementReader } from './statements.ts'
import type { Submissions } from './submissions.ts'
import { UtilityScript } from './utility-script.ts'
import { type VirtualStatement, VirtualStatements } from './virtual-statements.ts'

export type MaskedQueriesParts = {
  readonly submissions: Submissions
  readonly analyses: Analyses
  readonly extended: ExtendedRequests
  readonly portals: MaskedPortals
  readonly holds: Holds
  readonly guard: ReadingGuard
  readonly delivery: Delivery
  readonly reader: StatementReader
}

export class MaskedQueries {
  readonly #parts: MaskedQueriesParts
  readonly #query: QueryScript
  readonly #utility: UtilityScript
  readonly #virtual: VirtualStatements

  constructor(parts: MaskedQueriesParts) {
    this.#parts = parts
    this.#query = new QueryScript(parts)
    const { statements } = parts.extended
    parts.extended.onForgotAll = () => this.#query.forgetAll()
    this.#utility = new UtilityScript({ ...parts, script: this.#query, statements })
    this.#virtual = new VirtualStatements({ ...parts, script: this.#query })
  }

  /** What only steers the session or its transaction is sent as it came. */
  takes({ needsTree, utility, parts }: ReadStatement): boolean {
    return needsTree || utility !== null || parts !== null
  }

  /** How a query that is sent as it came is answered. */
  repliesTo({ access }: ReadStatement): MaskedReply | null {
    // COMMIT runs deferred triggers and checks.
    // Their errors quote the client's own text and settings, nothing else.
    return access.actions.every((action) => action === 'sql:session') ? AS_IT_IS : null
  }

  /** Code and reason where a statement can't be prepared by the protocol. */
  refusedParse({ utility }: ReadStatement): readonly [string, string] | null {
    if (utility?.kind !== 'prepare' && utility?.kind !== 'execute') return null
    return ['simple_only', 'PREPARE and EXECUTE are understood as simple queries only; prepare it by the protocol']
  }

  run(text: string, read: ReadStatement): Promise<Handled> {
    return this.#asQuery(() => this.#runParts(text, read))
  }

  /** What the gateway itself answers; `read` is what is recorded of it. */
  answer(statement: VirtualStatement, read: ReadStatement): Promise<Handled> {
    return this.#asQuery(async () => {
      await this.#virtual.run(statement, read)
      return 'done'
    })
  }

  /** Ends with the ReadyForQuery that the client waits for. */
  async #asQuery(run: () => Promise<Handled>): Promise<Handled> {
    const { submissions, extended } = this.#parts
    this.#query.begin()
    const unnamed = extended.dropUnnamed()
    const handled = await run()
    submissions.housekeeping(encode.sync)
    submissions.expect({ to: 'sync', confirmed: null })
    unnamed.confirmed(null)
    submissions.endEpoch('sync')
    return handled
  }

  async #runParts(text: string, read: ReadStatement): Promise<Handled> {
    const { submissions, reader, guard } = this.#parts
    if (read.parts === null) {
      await this.#runOne(text, read)
      return 'done'
    }
    const whole = submissions.session.decideOnly(read.access)
    if (whole.kind !== 'permit') {
      submissions.forward(this.#query.describe(read, read.access, []), 'refused-message', [])
      return 'done'
    }
    for (const part of read.parts) {
      // What ran before may have changed how the next text is read.
      const standing = guard.suspects ? await guard.check() : 'stands'
      if (standing === 'changed') return READING_CHANGED
      if (standing !== 'stands') break
      if (!(await this.#runOne(part, await reader.read(part)))) break
    }
    return 'done'
  }

  #runOne(text: string, read: ReadStatement): Promise<boolean> {
    return read.needsTree ? this.#query.query(text, read) : this.#utility.run(text, read)
  }
}
