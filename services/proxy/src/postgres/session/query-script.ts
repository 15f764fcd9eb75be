// A simple query of a session that masks: each of its statements is analysed, decided and run by messages of the extended
// protocol, and the client sees what a simple query answers.

import type { Denial, StatementAccess } from '@sluice/policy'
import type { OpenRequest, RequestDescription } from '@sluice/session'
import { heldExecution } from '../hold/held-messages.ts'
import type { Holds } from '../hold/hold.ts'
import type { Analysed, AnalysedText, PortalMasks } from '../masking/session-masking.ts'
import type { BoundValue } from '../wire/decode.ts'
import * as encode from '../wire/encode.ts'
import type { Analyses, Analysis } from './analyses.ts'
import { type KeptStatement, OwnStatements, QUERY_NAME } from './own-statements.ts'
import { quietPlanning } from './quiet-planning.ts'
import type { ReadingGuard } from './reading-guard.ts'
import { AS_IT_IS, type Gate } from './reply-queue.ts'
import { boundSegments, type GroupReply, newGroup, type ReadStatement } from './statements.ts'
import { HeldSubmission, type Submissions } from './submissions.ts'

export type ScriptParts = {
  readonly submissions: Submissions
  readonly analyses: Analyses
  readonly holds: Holds
  readonly guard: ReadingGuard
}

/** What is run of a statement that was decided. */
export type Run = {
  readonly statement: ReadStatement
  readonly access: StatementAccess
  /** The prepared statement that is bound. */
  readonly name: string
  /** Sent in front of Bind, with what is expected in return. */
  readonly before: readonly { readonly bytes: Buffer; readonly to: 'close' | 'parse' }[]
  readonly values: readonly BoundValue[]
  readonly masks: PortalMasks
  /** Recorded already; null where it is recorded now. */
  readonly request: OpenRequest | null
  readonly confirmed: (() => void) | null
}

export const NO_VALUES: readonly never[] = []
/** Simple queries get text. */
export const AS_TEXT: readonly number[] = []

export class QueryScript {
  readonly #parts: ScriptParts
  readonly #own = new OwnStatements()
  /** Messages in front of the query were not ended with Sync: what they began is not ours to end. */
  #wasOpen = false

  constructor(parts: ScriptParts) {
    this.#parts = parts
  }

  begin(): void {
    this.#wasOpen = this.#parts.submissions.open
  }

  /** The upstream has forgotten all prepared statements. */
  forgetAll(): void {
    this.#own.forgetAll()
  }

  /** One statement that reads or changes rows. False: it was refused or failed, and nothing follows up to Sync. */
  async query(text: string, read: ReadStatement): Promise<boolean> {
    const kept = this.#own.find(text)
    return kept === undefined ? this.#firstSight(text, read) : this.#runKept(text, kept)
  }

  async #firstSight(text: string, read: ReadStatement): Promise<boolean> {
    const { analyses } = this.#parts
    const { name, isKept } = this.#own.nameFor(text)
    const parse = encode.parse(name, text)
    const statement = this.statementOf(read, parse)
    const begun = await this.analyse(statement, { name, text: { analysed: text, whole: text, at: 0 }, parse })
    if (begun === null) return false
    const { request, analysis } = begun
    if (analysis.kind === 'refused') {
      if (isKept) analyses.forget(name, null)
      return this.refuse(request, statement, analysis)
    }
    const { analysed } = analysis
    statement.analysed = analysed
    if (isKept) {
      const dropped = this.#own.keep(text, { name, statement })
      if (dropped !== null) analyses.forget(dropped, null)
    }
    return this.execute(this.#runOf(statement, analysed, name, request))
  }

  async #runKept(text: string, { name, statement }: KeptStatement): Promise<boolean> {
    const { analysed } = statement
    if (analysed === undefined) {
      this.#own.drop(text)
      return this.#firstSight(text, statement)
    }
    return this.execute(this.#runOf(statement, analysed, name, null))
  }

  #runOf(statement: ReadStatement, analysed: Analysed, name: string, request: OpenRequest | null): Run {
    const masks = this.#parts.analyses.masking.masksOf(analysed, AS_TEXT)
    return {
      statement,
      access: analysed.access,
      name,
      before: [],
      values: NO_VALUES,
      masks,
      request,
      confirmed: null,
    }
  }

  /** A statement as this session keeps it; its Parse where it may have to wait for a person. */
  statementOf(read: ReadStatement, parse: Buffer): ReadStatement {
    return { ...read, source: this.#parts.submissions.session.mayWait(read.access) ? parse : null }
  }

  /** Records a statement and has a query of it analysed. Null: refused by its text, or failed. */
  async analyse(
    statement: ReadStatement,
    query: {
      readonly name: string
      readonly text: AnalysedText
      readonly parse: Buffer
      readonly confirmed?: () => void
    },
  ): Promise<{ readonly request: OpenRequest; readonly analysis: Exclude<Analysis, { kind: 'failed' }> } | null> {
    const { submissions, analyses } = this.#parts
    const replaces = query.name === QUERY_NAME
    const messages = replaces ? [encode.close('statement', query.name), query.parse] : [query.parse]
    const description = {
      ...this.describe(statement, statement.access, NO_VALUES),
      executes: false,
      analysedFirst: true,
    }
    const request = submissions.forward(description, 'refused-message', messages)
    if (request === null || request instanceof HeldSubmission) return null
    if (replaces) submissions.expect({ to: 'close', hidden: true })
    const analysis = await analyses.analyse(request, query.text, query.confirmed ?? null)
    return analysis.kind === 'failed' ? null : { request, analysis }
  }

  refuse(
    request: OpenRequest,
    statement: ReadStatement,
    { denial, access }: { readonly denial: Denial; readonly access: StatementAccess },
  ): false {
    this.#parts.analyses.refuse(request, this.describe(statement, access, NO_VALUES), denial)
    return false
  }

  /** Binds and executes what was analysed. False: it was refused. */
  async execute(run: Run): Promise<boolean> {
    const { submissions, analyses, guard, holds } = this.#parts
    const { statement, name, values, request } = run
    let { access, masks } = run
    const { analysed } = statement
    if (analysed !== undefined) {
      const judged = analyses.masking.execution(analysed, values)
      if (judged.kind === 'refused') return this.#refuseRun(run, judged)
      statement.analysed = judged.analysed
      if (judged.analysed !== analysed) {
        access = judged.analysed.access
        masks = analyses.masking.masksOf(judged.analysed, AS_TEXT)
      }
    }
    const bind = encode.bind('', name, encode.textParameters(values.map((value) => value.bytes?.toString() ?? null)))
    const planning = quietPlanning(analyses, statement)
    const messages = [
      ...run.before.map(({ bytes }) => bytes),
      ...planning.bind.before.messages,
      bind,
      ...planning.bind.behind.messages,
      encode.describe('portal', ''),
      ...planning.execute.before.messages,
      encode.execute(''),
      ...planning.execute.behind.messages,
    ]
    const description = this.describe(statement, access, values)
    const submitted =
      request === null
        ? submissions.forward(description, 'refused-message', messages)
        : submissions.proceed(request, description, messages)
    if (submitted === null) return false
    const expect = (open: OpenRequest, gate: Gate | null): void => {
      guard.executes(submissions.epoch, statement)
      for (const { to } of run.before) submissions.expect({ to, request: open, hidden: true, masked: AS_IT_IS })
      const expectAll = (replies: readonly GroupReply[], of: OpenRequest | null): void => {
        for (const reply of replies) submissions.expect({ ...reply, request: of })
      }
      expectAll(planning.bind.before.replies, open)
      submissions.expect({ to: 'bind', request: open, hidden: true, masked: masks.bind })
      expectAll(planning.bind.behind.replies, open)
      submissions.expect({ to: 'describe-portal', request: open, hidden: true, masked: masks.bind })
      expectAll(planning.execute.before.replies, open)
      submissions.expect({
        to: 'execute',
        request: open,
        last: true,
        confirmed: run.confirmed,
        gate,
        masked: masks.execute,
      })
      expectAll(planning.execute.behind.replies, null)
    }
    if (!(submitted instanceof HeldSubmission)) {
      expect(submitted, null)
      return true
    }
    if (request !== null && !this.#wasOpen) await analyses.release()
    const group = { ...newGroup('Execute', statement), portal: '', bind, messages, parameters: description.parameters }
    await holds.hold(heldExecution(group, expect), submitted.request, submitted.held)
    return !submissions.discarding
  }

  #refuseRun(run: Run, refused: { readonly denial: Denial; readonly access: StatementAccess }): false {
    if (run.request !== null) return this.refuse(run.request, run.statement, refused)
    const description = this.describe(run.statement, refused.access, run.values)
    this.#parts.submissions.deny(description, 'refused-message', refused.denial)
    return false
  }

  describe(statement: ReadStatement, access: StatementAccess, values: readonly BoundValue[]): RequestDescription {
    return {
      operation: 'Query',
      executes: true,
      access,
      statement: statement.segments,
      parameters: boundSegments(values),
      ...(statement.analysed === undefined ? {} : { sensitive: statement.analysed.sensitive }),
      trace: null,
    }
  }
}
