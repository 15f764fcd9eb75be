// A command that waits: the client's messages, and how they are sent on once a person has agreed.

import type { OpenRequest } from '@sluice/session'
import type { Gate } from '../session/reply-queue.ts'
import type { RefusedAs } from '../session/submissions.ts'
import type { OwnStatement } from './own-work.ts'

export type HeldCommand = {
  readonly refusedAs: RefusedAs
  readonly text: string
  /** What is sent on: a Query, or what of Parse, Bind, Describe and Execute was not sent yet. */
  readonly messages: readonly Buffer[]
  /** What decides the meaning: Query; or Parse and Bind, which may have been sent before. */
  readonly digested: readonly Buffer[]
  /** As the reviewer sees them. */
  readonly parameters: readonly string[]
  /** For the planner's guess. */
  readonly planParameters: OwnStatement['parameters']
  /** Puts what the client is to be answered into the queue; the gate is at the last. */
  readonly expect: (request: OpenRequest, gate: Gate) => void
}
