// What the session knows of a statement, a portal, and of one frame that is being put together.

import type { RawSegment } from '@sluice/events'
import type { StatementAccess } from '@sluice/policy'
import type { ALL_NAMES } from './name-registry.ts'
import type { ReplyTo } from './reply-queue.ts'

/** A statement's text as it was read: what it accesses, and how it is recorded. */
export type ReadStatement = {
  readonly access: StatementAccess
  readonly segments: readonly RawSegment[]
  /** Names that the statement deallocates when it succeeds. */
  readonly deallocates: string | typeof ALL_NAMES | null
}

export interface StatementReader {
  /** At once for usual statements, later for those that are read by a worker. Never throws on bad input. */
  read(text: string): ReadStatement | Promise<ReadStatement>
}

export type Portal = { readonly statement: ReadStatement }

/** Parse, Bind, Describe and Execute of one statement that follow each other are decided and recorded as one. */
export type FrameGroup = {
  operation: 'Parse' | 'Bind' | 'Execute'
  readonly statement: ReadStatement
  parameters: readonly RawSegment[]
  portal: string | null
  messages: Buffer[]
  replies: GroupReply[]
}

export type GroupReply = { readonly to: ReplyTo; readonly confirmed: (() => void) | null }
