// Statements that carry a query or a handle, in a session that masks: what is inside is analysed by itself, and the
// handles are followed by name.

import { type Denial, denyProtocol, type StatementAccess } from '@sluice/policy'
import type { OpenRequest } from '@sluice/session'
import type { InnerQuery, UtilityFacts } from '@sluice/sql'
import { OWN_NAME_PREFIX } from '../hold/own-work.ts'
import { NOTICE_SETTING } from '../masking/notice-level.ts'
import { type Analysed, NO_MASKS, type PortalMasks } from '../masking/session-masking.ts'
import { virtualStatement } from '../masking/virtual-settings.ts'
import type { BoundValue } from '../wire/decode.ts'
import * as encode from '../wire/encode.ts'
import { parameterTypes } from '../wire/parameter-types.ts'
import type { Analyses } from './analyses.ts'
import { type Carrier, carriedBy, carrierAccess, carrierDenied, carrierMasks, carrierRefused } from './carried-query.ts'
import type { Delivery } from './delivery.ts'
import type { MaskedPortals } from './masked-portals.ts'
import type { NameRegistry } from './name-registry.ts'
import { QUERY_NAME, UTILITY_NAME } from './own-statements.ts'
import { AS_TEXT, NO_VALUES, type QueryScript } from './query-script.ts'
import type { ReadStatement, StatementReader } from './statements.ts'
import type { Submissions } from './submissions.ts'

type Utility<Kind extends UtilityFacts['kind']> = Extract<UtilityFacts, { kind: Kind }>

export type UtilityParts = {
  readonly script: QueryScript
  readonly submissions: Submissions
  readonly analyses: Analyses
  readonly delivery: Delivery
  readonly reader: StatementReader
  readonly portals: MaskedPortals
  /** By the protocol's Parse and by PREPARE: they share their names. */
  readonly statements: NameRegistry<ReadStatement>
}

export class UtilityScript {
  readonly #parts: UtilityParts

  constructor(parts: UtilityParts) {
    this.#parts = parts
  }

  /** False: it was refused or failed, and nothing follows up to Sync. */
  run(text: string, read: ReadStatement): Promise<boolean> {
    const { utility } = read
    switch (utility?.kind) {
      case undefined:
        return this.#plain(text, read, NO_MASKS, null)
      case 'fetch':
        return this.#fetch(text, read, utility)
      case 'close':
        return this.#plain(text, read, NO_MASKS, this.#parts.portals.executes(read))
      case 'declare':
      case 'copy-out':
      case 'explain':
      case 'create-as':
        return this.#carrier(text, read, utility)
      case 'prepare':
        return this.#prepare(text, read, utility)
      case 'execute':
        return this.#execute(read, utility)
      case 'virtual-setting':
        return this.#virtual(read, utility)
      default:
        return utility satisfies never
    }
  }

  /** As it stands, in one go. */
  #plain(text: string, read: ReadStatement, masks: PortalMasks, confirmed: (() => void) | null): Promise<boolean> {
    return this.#runUtility({ text, statement: read, access: read.access, masks, request: null, confirmed })
  }

  #virtual(read: ReadStatement, setting: Utility<'virtual-setting'>): Promise<boolean> {
    const { notices } = this.#parts.analyses.masking
    const changes = setting.name === NOTICE_SETTING && setting.verb !== 'SHOW' && !setting.local
    return this.#plain(virtualStatement(setting), read, NO_MASKS, changes ? () => notices.set(setting.value) : null)
  }

  #runUtility(run: {
    readonly text: string
    readonly statement: ReadStatement
    readonly access: StatementAccess
    readonly masks: PortalMasks
    readonly request: OpenRequest | null
    readonly confirmed: (() => void) | null
  }): Promise<boolean> {
    const before = [
      { bytes: encode.close('statement', UTILITY_NAME), to: 'close' },
      { bytes: encode.parse(UTILITY_NAME, run.text), to: 'parse' },
    ] as const
    return this.#parts.script.execute({ ...run, name: UTILITY_NAME, before, values: NO_VALUES })
  }

  async #fetch(text: string, read: ReadStatement, { cursor }: Utility<'fetch'>): Promise<boolean> {
    const { portals, analyses } = this.#parts
    const found = portals.cursor(cursor)
    if (found === null) {
      return this.#deny(
        read,
        denyProtocol('cursor_unknown', 'there is no cursor of that name that this session declared'),
      )
    }
    const judged = analyses.masking.again(found.analysed)
    if (judged.kind === 'refused') return this.#deny(read, judged.denial)
    const { analysed } = judged
    // Its own text has no values: those of the query stand where it was declared.
    const fetched = { ...analysed, sensitive: { spans: NO_VALUES, parameters: NO_VALUES } }
    const access = { ...read.access, touches: analysed.access.touches }
    const statement = { ...read, access, analysed: fetched }
    return this.#plain(text, statement, analyses.masking.masksOf(analysed, AS_TEXT), null)
  }

  async #carrier(text: string, read: ReadStatement, utility: Carrier): Promise<boolean> {
    const { script, analyses, portals } = this.#parts
    const refused = carrierRefused(utility)
    if (refused !== null) return this.#deny(read, refused)
    const inner = await this.#inner(text, read, utility.inner)
    if (inner === null) return false
    const { statement, analysed, request } = inner
    const access = carrierAccess(analysed)
    const denial = carrierDenied(utility, analysed)
    if (denial !== null) return script.refuse(request, statement, { denial, access })
    const masks = carrierMasks(utility, analysed, analyses.masking)
    return this.#runUtility({ text, statement, access, masks, request, confirmed: portals.executes(statement) })
  }

  /** A prepared statement of the protocol's, under the name that was given. */
  async #prepare(text: string, read: ReadStatement, { name, types, inner }: Utility<'prepare'>): Promise<boolean> {
    const { script, statements, submissions, reader, delivery } = this.#parts
    if (name.startsWith(OWN_NAME_PREFIX)) {
      return this.#deny(
        read,
        denyProtocol('name_reserved', `names that begin with ${OWN_NAME_PREFIX} are the gateway's own`),
      )
    }
    const declared = parameterTypes(types ?? [])
    if (declared === null) {
      return this.#deny(
        read,
        denyProtocol('prepare_types', 'PREPARE with parameters of these types is not understood', TYPES_HINT),
      )
    }
    const query = await reader.read(inner.text)
    const parse = encode.parse(name, inner.text, declared)
    const statement = { ...script.statementOf(query, parse), segments: read.segments }
    statements.change(name, statement, submissions.epoch)
    const confirmed = (): void => statements.confirm(name, statement)
    const begun = await script.analyse(statement, { name, text: carriedBy(text, inner), parse, confirmed })
    if (begun === null) return false
    const { request, analysis } = begun
    if (analysis.kind === 'refused') {
      statements.change(name, null, submissions.epoch)
      this.#parts.analyses.forget(name, () => statements.confirm(name, null))
      return script.refuse(request, statement, analysis)
    }
    statement.analysed = analysis.analysed
    delivery.pushResult(request, encode.commandComplete('PREPARE'))
    delivery.finish(request, 'ok', null)
    return true
  }

  async #execute(read: ReadStatement, { name, args }: Utility<'execute'>): Promise<boolean> {
    const { script, statements, submissions, analyses } = this.#parts
    const found = statements.lookup(name, submissions.epoch)
    const analysed = found.kind === 'found' ? found.value.analysed : undefined
    if (found.kind !== 'found' || analysed === undefined) {
      return this.#deny(read, denyProtocol('statement_unknown', 'there is no prepared statement of that name'))
    }
    const values = args.map(
      ({ text }): BoundValue => ({ binary: false, bytes: text === null ? null : Buffer.from(text) }),
    )
    const masks = analyses.masking.masksOf(analysed, AS_TEXT)
    const statement = found.value
    const access = analysed.access
    return script.execute({ statement, access, name, before: [], values, masks, request: null, confirmed: null })
  }

  /** Has the query inside analysed. Null: it was refused or failed. */
  async #inner(
    text: string,
    read: ReadStatement,
    inner: InnerQuery,
  ): Promise<{ readonly request: OpenRequest; readonly statement: ReadStatement; readonly analysed: Analysed } | null> {
    const { script } = this.#parts
    const parse = encode.parse(QUERY_NAME, inner.text)
    const statement = script.statementOf(read, parse)
    const begun = await script.analyse(statement, { name: QUERY_NAME, text: carriedBy(text, inner), parse })
    if (begun === null) return null
    const { request, analysis } = begun
    if (analysis.kind === 'refused') {
      script.refuse(request, statement, analysis)
      return null
    }
    statement.analysed = analysis.analysed
    return { request, statement, analysed: analysis.analysed }
  }

  async #deny(read: ReadStatement, denial: Denial): Promise<boolean> {
    const { script, submissions } = this.#parts
    submissions.deny(script.describe(read, read.access, NO_VALUES), 'refused-message', denial)
    return false
  }
}

const TYPES_HINT = 'Leave the types out, or name types of PostgreSQL’s own.'
