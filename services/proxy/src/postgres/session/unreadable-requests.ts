// How requests are recorded of which the gateway reads no statement: refused for a reason of the protocol, or cancels.

import type { RawSegment } from '@sluice/events'
import { unreadableAccess } from '@sluice/policy'
import type { RequestDescription } from '@sluice/session'
import { CLIENT, HEADER_BYTES } from '../wire/message-types.ts'
import type { RefusedAs } from './submissions.ts'

/** Operation names as PostgreSQL's documentation writes them. */
const OPERATION: ReadonlyMap<number, string> = new Map([
  [CLIENT.bind, 'Bind'],
  [CLIENT.execute, 'Execute'],
  [CLIENT.functionCall, 'FunctionCall'],
  [CLIENT.parse, 'Parse'],
  [CLIENT.query, 'Query'],
])

/** What may be large, and is refused as an ordinary error where it is too large. */
export const OVERSIZED_WORDS: ReadonlyMap<number, string> = new Map([
  [CLIENT.bind, 'a set of parameters'],
  [CLIENT.parse, 'a statement'],
  [CLIENT.query, 'a statement'],
])

const ACCESS = unreadableAccess()

/** A cancel request: it has no statement and no answer. */
export const CANCEL: RequestDescription = {
  operation: 'Cancel',
  executes: false,
  access: { ...ACCESS, actions: ['sql:session'], targets: [{ action: 'sql:session', table: null }], kinds: ['CANCEL'] },
  statement: [],
  parameters: [],
  trace: null,
}

/** What is recorded of a refused message, and how the upstream answers what stands in its place. */
export function unreadableRequest(
  type: number,
  statement: readonly RawSegment[],
): { readonly description: RequestDescription; readonly refusedAs: RefusedAs } {
  const isQuery = type === CLIENT.query || type === CLIENT.functionCall
  return {
    refusedAs: isQuery ? 'refused-query' : 'refused-message',
    description: {
      operation: OPERATION.get(type) ?? 'Message',
      executes: true,
      access: ACCESS,
      statement,
      parameters: [],
      trace: null,
    },
  }
}

/** A statement of which nothing can be shown: one hole, and all of the message's body in it. */
export function unreadableText(message: Buffer): readonly RawSegment[] {
  return [
    { kind: 'text', label: '', bytes: Buffer.from([0]) },
    { kind: 'literal', label: '', bytes: message.subarray(HEADER_BYTES) },
  ]
}
