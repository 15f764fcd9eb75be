// Statements that the gateway itself answers: what would happen to the columns of a statement, what the plan says, and
// what a token stands for. They begin with the gateway's name, which no statement of SQL does.

import { REVEAL, type StatementAccess } from '@sluice/policy'
import { explanationRows, planRows } from '../masking/mask-explanation.ts'
import { NO_MASKS } from '../masking/session-masking.ts'
import { type RevealedToken, revealedToken } from '../masking/token-reveal.ts'
import * as encode from '../wire/encode.ts'
import type { Analyses } from './analyses.ts'
import type { Delivery } from './delivery.ts'
import { QUERY_NAME, UTILITY_NAME } from './own-statements.ts'
import { NO_VALUES, type QueryScript } from './query-script.ts'
import type { ReadStatement, StatementReader } from './statements.ts'
import { HeldSubmission, type Submissions } from './submissions.ts'

export type VirtualStatement =
  | { readonly kind: 'explain'; readonly text: string }
  /** `pattern`: part of `schema.table.column`. */
  | { readonly kind: 'plan'; readonly pattern: string }
  | { readonly kind: 'reveal'; readonly token: string }

const FORM = /^\s*sluice\s+(explain|plan|reveal)\b\s*(.*?)\s*;?\s*$/is

/** Null for a statement of SQL. */
export function virtualStatementIn(text: string): VirtualStatement | null {
  const [, verb = '', rest = ''] = FORM.exec(text) ?? []
  switch (verb.toLowerCase()) {
    case 'explain':
      return { kind: 'explain', text: rest }
    case 'plan':
      return { kind: 'plan', pattern: rest }
    case 'reveal':
      return { kind: 'reveal', token: rest.replace(/^'(.*)'$/s, '$1') }
    default:
      return null
  }
}

export type VirtualParts = {
  readonly script: QueryScript
  readonly submissions: Submissions
  readonly analyses: Analyses
  readonly delivery: Delivery
  readonly reader: StatementReader
}

export class VirtualStatements {
  readonly #parts: VirtualParts

  constructor(parts: VirtualParts) {
    this.#parts = parts
  }

  /** `read`: of the whole text, as it is recorded. */
  async run(statement: VirtualStatement, read: ReadStatement): Promise<void> {
    switch (statement.kind) {
      case 'explain':
        return this.#explain(statement.text, read)
      case 'plan':
        return this.#plan(statement.pattern, read)
      case 'reveal':
        return this.#reveal(statement.token, read)
      default:
        return statement satisfies never
    }
  }

  /** Nothing of it runs: it is analysed, and that is what is told. */
  async #explain(text: string, read: ReadStatement): Promise<void> {
    const { script, reader, delivery } = this.#parts
    const inner = await reader.read(text)
    const query = inner.utility !== null && 'inner' in inner.utility ? inner.utility.inner.text : text
    const statement = { ...inner, segments: read.segments }
    const begun = await script.analyse(statement, {
      name: QUERY_NAME,
      // It is recorded as a whole, with all of its literals withheld.
      text: { analysed: query, whole: query, at: null },
      parse: encode.parse(QUERY_NAME, query),
    })
    if (begun === null) return
    const { request, analysis } = begun
    delivery.pushResult(request, explanationRows(analysis))
    request.rows = 1
    delivery.finish(request, 'ok', null)
  }

  async #plan(pattern: string, read: ReadStatement): Promise<void> {
    const { script, submissions, analyses, delivery } = this.#parts
    const access = accessFor(read, 'SLUICE PLAN')
    const request = submissions.forward(script.describe(read, access, NO_VALUES), 'refused-message', [])
    if (request === null || request instanceof HeldSubmission) return
    const { bytes, rows } = planRows(analyses.masking.view(), pattern)
    delivery.pushResult(request, bytes)
    request.rows = rows
    delivery.finish(request, 'ok', null)
  }

  /** The database only sees the token: the value is put in its place on the way to the client. */
  async #reveal(token: string, read: ReadStatement): Promise<void> {
    const { script, submissions, analyses } = this.#parts
    const revealed = revealedToken(token, analyses.masking)
    if (revealed === null) {
      const access = accessFor(read, REVEAL)
      return submissions.refuse(script.describe(read, access, NO_VALUES), 'refused-message', ...UNKNOWN_TOKEN)
    }
    const access = revealAccess(read, revealed)
    const parse = encode.parse(UTILITY_NAME, 'SELECT $1::pg_catalog.text AS value')
    await script.execute({
      // Who is asked sees what is revealed; what is sent only brings the row in which the value is put.
      statement: { ...read, access, source: encode.parse(UTILITY_NAME, `sluice reveal ${revealed.tag} '${token}'`) },
      access,
      name: UTILITY_NAME,
      before: [
        { bytes: encode.close('statement', UTILITY_NAME), to: 'close' },
        { bytes: parse, to: 'parse' },
      ],
      values: [{ binary: false, bytes: Buffer.from(token) }],
      masks: { ...NO_MASKS, execute: { slot: null, confirms: null, rows: revealed.rows, rebuilds: true } },
      request: null,
      confirmed: null,
    })
  }
}

const UNKNOWN_TOKEN = ['token_unknown', 'this is no token that was made for this connection'] as const

function accessFor(read: ReadStatement, kind: string): StatementAccess {
  return {
    ...read.access,
    actions: ['sql:read'],
    resources: [],
    targets: [{ action: 'sql:read', table: null }],
    kinds: [kind],
    functions: [],
    unknown: [],
    refusal: null,
    holdable: null,
  }
}

function revealAccess(read: ReadStatement, { tag }: RevealedToken): StatementAccess {
  return { ...accessFor(read, REVEAL), touches: [{ object: '', column: '', tag, how: 'output' }] }
}
