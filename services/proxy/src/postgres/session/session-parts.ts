// What a live session is made of, and what it begins with.

import type { Socket } from 'node:net'
import type { OutcomeStatus, RawSegment } from '@sluice/events'
import type { GovernedUpstream, GroupCommit, Session } from '@sluice/session'
import type { AskingPeople } from '../hold/asking-people.ts'
import type { SessionMasking } from '../masking/session-masking.ts'
import type { FrameBounds } from '../wire/client-framer.ts'
import type { RequestLimits } from './handled.ts'
import type { StatementReader } from './statements.ts'

export type GatewaySessionOptions = {
  readonly client: Socket
  readonly upstream: Socket
  readonly governed: GovernedUpstream
  readonly session: Session
  readonly commit: GroupCommit
  readonly reader: StatementReader
  readonly bounds: FrameBounds
  readonly limits: RequestLimits
  readonly sessionMs: number
  readonly people: AskingPeople
  /** Null where the session masks nothing. */
  readonly masking: SessionMasking | null
  /** What a client may send ahead while a person is asked. */
  readonly heldAheadBytes: number
  /** Cancels what the upstream runs for this session. */
  readonly cancelUpstream: () => void
  readonly onEnd: (how: { readonly status: OutcomeStatus; readonly code: string | null }) => void
  /** A bug of ours that ended the session. */
  readonly onBug: (error: unknown) => void
}

export type Opening = {
  /** What the client says of itself. */
  readonly claims: readonly RawSegment[]
  readonly clientAddress: string | null
  /** AuthenticationOk up to the first ReadyForQuery. */
  readonly welcome: Buffer
  /** What was read too early from either side. */
  readonly fromClient: Buffer
  readonly fromUpstream: Buffer
}
