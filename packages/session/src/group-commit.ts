// Commits the journal once a turn of the event loop, for all sessions together, and then lets them forward what they
// recorded. Nothing leaves the process before the commit that covers its record.

import { AuditUnavailable } from '@sluice/events'
import type { StreamRecord } from '@sluice/stream'

export interface RecordLog {
  /** Throws where `append` would. */
  assertWritable(): void
  /** Buffers a record; throws where it can't be taken. */
  append(record: StreamRecord): void
  /** Hands all buffered records to the operating system; throws where that fails. */
  commit(): void
}

export interface TurnMember {
  /** The turn ends: what the member put off until now is recorded now. */
  endTurn(): void
  /** What the member recorded this turn is in the journal. */
  committed(): void
  /** It is not, and never will be: nothing of it may leave. */
  commitFailed(cause: AuditUnavailable): void
}

export class GroupCommit {
  readonly #log: RecordLog
  readonly #onBug: (error: unknown) => void
  #members: TurnMember[] = []
  #scheduled = false

  /** `onBug` is told what a member throws: one session's bug must not keep the others from their turn. */
  constructor(log: RecordLog, onBug: (error: unknown) => void) {
    this.#log = log
    this.#onBug = onBug
  }

  /** Makes a record and appends it. Asks first: a sequence number that can't be kept must not be given out. */
  append<R extends StreamRecord>(make: () => R): R {
    try {
      this.#log.assertWritable()
      const record = make()
      this.#log.append(record)
      return record
    } catch (cause) {
      throw asAuditUnavailable(cause)
    }
  }

  /** `member` is called once at the end of this turn. Enlist once a turn. */
  enlist(member: TurnMember): void {
    this.#members.push(member)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#endTurn)
  }

  readonly #endTurn = (): void => {
    const members = this.#members
    // One may enlist another: the loop reaches that too.
    for (const member of members) this.#guarded(() => member.endTurn())
    this.#members = []
    this.#scheduled = false
    try {
      this.#log.commit()
    } catch (cause) {
      const failure = asAuditUnavailable(cause)
      for (const member of members) this.#guarded(() => member.commitFailed(failure))
      return
    }
    for (const member of members) this.#guarded(() => member.committed())
  }

  #guarded(step: () => void): void {
    try {
      step()
    } catch (error) {
      this.#onBug(error)
    }
  }
}

function asAuditUnavailable(cause: unknown): AuditUnavailable {
  const code = (cause as { code?: unknown }).code
  return new AuditUnavailable(
    typeof code === 'string' ? code : 'journal_broken',
    'the journal cannot record this, so it is not done',
    { cause },
  )
}
