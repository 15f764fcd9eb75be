// Errors and notices in words of our own: the server's quote values (`Key (email)=(…) already exists`), and what it says
// of where an error is can be made to.

import { decodeReport } from '../wire/decode.ts'
import { cString, message } from '../wire/encode.ts'
import { SERVER } from '../wire/message-types.ts'
import { INTERNAL_ERROR } from '../wire/sql-states.ts'
import texts from './sqlstate-texts.json' with { type: 'json' }

/** Source: PostgreSQL documentation, appendix A, of versions 13 to 18; the words are ours. */
const TEXTS: ReadonlyMap<string, string> = new Map(Object.entries(texts))

const ERRORS: ReadonlySet<string> = new Set(['ERROR', 'FATAL', 'PANIC'])
const NOTICES: ReadonlySet<string> = new Set(['WARNING', 'NOTICE', 'INFO'])

/** In characters of the client's own statement. */
const POSITION = /^[1-9][0-9]{0,9}$/

const WITHHELD = "The server's own words are withheld: they could quote values that are masked."

/** An ErrorResponse or a NoticeResponse that says no more than its severity, its SQLSTATE and where in the statement. */
export function rebuiltReport(report: Buffer): Buffer {
  const isNotice = report[0] === SERVER.notice
  const fields = decodeReport(report)
  const [known, usual] = isNotice ? [NOTICES, 'NOTICE'] : [ERRORS, 'ERROR']
  const said = fields.get('V') ?? usual
  const severity = known.has(said) ? said : usual
  const code = fields.get('C') ?? INTERNAL_ERROR
  const sqlState = TEXTS.has(code) ? code : INTERNAL_ERROR
  const position = fields.get('P') ?? ''
  const told: readonly (readonly [field: string, text: string])[] = [
    // What the server says in S is V in its language; our words are English.
    ['S', severity],
    ['V', severity],
    ['C', sqlState],
    ['M', TEXTS.get(sqlState) ?? ''],
    ['D', WITHHELD],
    ...(POSITION.test(position) ? [['P', position] as const] : []),
  ]
  const parts = told.flatMap(([field, text]) => [Buffer.from(field), cString(text)])
  return message(isNotice ? SERVER.notice : SERVER.error, ...parts, Buffer.from([0]))
}
