// What the session knows of a statement, a portal, and of one frame that is being put together.

import type { RawSegment } from '@sluice/events'
import type { StatementAccess } from '@sluice/policy'
import type { RequestDescription } from '@sluice/session'
import type { UtilityFacts } from '@sluice/sql'
import type { Analysed, Cursor } from '../masking/session-masking.ts'
import { type BoundValue, decodeBind } from '../wire/decode.ts'
import type { ALL_NAMES } from './name-registry.ts'
import type { MaskedReply, ReplyTo } from './reply-queue.ts'

/** A statement's text as it was read: what it accesses, and how it is recorded. */
export type ReadStatement = {
  readonly access: StatementAccess
  readonly segments: readonly RawSegment[]
  /** Names that the statement deallocates when it succeeds. */
  readonly deallocates: string | typeof ALL_NAMES | null
  /** It may do more than read: settings that decide how texts are read may be others behind it. */
  readonly changes: boolean
  /** The Parse message, where its executions need an approval: what is held must be known whole. */
  readonly source: Buffer | null
  /** It has to be analysed by the upstream before it may run, where the session masks. */
  readonly needsTree: boolean
  /** The texts of its statements, where the text has several; null for a single one. */
  readonly parts: readonly string[] | null
  /** What it does with an inner query or a handle; null for all others. */
  readonly utility: UtilityFacts | null
  /** Types of its parameters, as the upstream told the client that asked for them. */
  types?: readonly number[]
  /** What came of its analysis. */
  analysed?: Analysed
}

export interface StatementReader {
  /** At once for usual statements, later for those that are read by a worker. Never throws on bad input. */
  read(text: string): ReadStatement | Promise<ReadStatement>
}

export type Portal = {
  readonly statement: ReadStatement
  /** How its answers are masked; null where all may be seen. */
  readonly masked: MaskedReply | null
  /** What a FETCH in it reads from. */
  readonly fetches: Cursor | null
  /** The Bind message and its values, where its execution needs an approval. */
  readonly bind: Buffer | null
  readonly parameters: readonly RawSegment[]
}

/** Parse, Bind, Describe and Execute of one statement that follow each other are decided and recorded as one. */
export type FrameGroup = {
  operation: 'Parse' | 'Bind' | 'Execute'
  readonly statement: ReadStatement
  parameters: readonly RawSegment[]
  portal: string | null
  /** The portal's Bind message, where its execution needs an approval. */
  bind: Buffer | null
  messages: Buffer[]
  replies: GroupReply[]
  /** So many of the replies come after the one that ends it. */
  behind: number
}

export type GroupReply = {
  readonly to: ReplyTo
  readonly confirmed: ((by: Buffer) => void) | null
  readonly hidden?: boolean
  readonly masked?: MaskedReply | null
}

export function newGroup(operation: FrameGroup['operation'], statement: ReadStatement): FrameGroup {
  return { operation, statement, parameters: NOTHING, portal: null, bind: null, messages: [], replies: [], behind: 0 }
}

const NOTHING: readonly never[] = []
const EMPTY = Buffer.alloc(0)

/** Objects and Buffers of a statement and of each of its segments, roughly. */
const STATEMENT_BYTES = 600
const SEGMENT_BYTES = 200
const PORTAL_BYTES = 100

export function statementBytes({ segments, source }: ReadStatement): number {
  const own = STATEMENT_BYTES + (source?.length ?? 0)
  return segments.reduce((sum, segment) => sum + SEGMENT_BYTES + segment.bytes.length, own)
}

export function portalBytes({ bind }: Portal): number {
  // The values are slices of it.
  return PORTAL_BYTES + (bind?.length ?? 0)
}

/** `seen`: what its answers may show. */
export function portalOf(
  statement: ReadStatement,
  bytes: Buffer,
  seen: { readonly masked: MaskedReply | null; readonly fetches: Cursor | null },
): Portal {
  // Kept, as a copy, only where it waits: a view would keep all that came with it in memory.
  if (statement.source === null) return { statement, ...seen, bind: null, parameters: NOTHING }
  const bind = Buffer.from(bytes)
  const copied = decodeBind(bind)
  return { statement, ...seen, bind, parameters: copied === null ? NOTHING : boundSegments(copied.values) }
}

/** Bind values in the order of the parameters, as they are recorded. */
export function boundSegments(values: readonly BoundValue[]): readonly RawSegment[] {
  return values.map(({ binary, bytes }) => ({
    kind: 'bind',
    label: bytes === null ? 'null' : binary ? 'binary' : '',
    bytes: bytes ?? EMPTY,
  }))
}

/** What is recorded of a group. */
export function describeGroup({ operation, statement, parameters }: FrameGroup): RequestDescription {
  return {
    operation,
    executes: operation === 'Execute',
    access: statement.analysed?.access ?? statement.access,
    statement: statement.segments,
    parameters,
    ...(statement.analysed === undefined ? {} : { sensitive: statement.analysed.sensitive }),
    trace: null,
  }
}
