// What the server says besides its answers, in a session whose statements are analysed: print-outs of query trees, which
// never reach the client, and what is meant for it.

import { decodeReport } from '../wire/decode.ts'

export type ServerReport =
  /** Printed by PostgreSQL itself, outside of any function's code. */
  | { readonly kind: 'tree'; readonly dump: string }
  /** For the server's log: not for the client. `nested`: it comes from inside a function. */
  | { readonly kind: 'log'; readonly nested: boolean }
  /** `nested`: code of a function raised it. */
  | { readonly kind: 'notice'; readonly severity: string; readonly nested: boolean }

/** Fields of a report. Source: PostgreSQL documentation, "Error and Notice Message Fields". */
const HIDDEN = /^(?:LOG|DEBUG[1-5]?)$/

const isTree = (fields: ReadonlyMap<string, string>): boolean =>
  fields.get('V') === 'LOG' &&
  fields.get('F') === 'print.c' &&
  fields.get('R') === 'elog_node_display' &&
  fields.get('M') === 'rewritten parse tree:' &&
  !fields.has('W')

/** Of a NoticeResponse, header included. What names no severity is for nobody. */
export function readServerReport(message: Buffer): ServerReport {
  const fields = decodeReport(message)
  const severity = fields.get('V')
  const nested = fields.has('W')
  if (severity !== undefined && !HIDDEN.test(severity)) return { kind: 'notice', severity, nested }
  const dump = fields.get('D')
  if (isTree(fields) && dump !== undefined) return { kind: 'tree', dump }
  return { kind: 'log', nested }
}
