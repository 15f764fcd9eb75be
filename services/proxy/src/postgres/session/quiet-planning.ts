// Around what has the server plan a statement: for as long as it plans, ways of running it that would show the order of
// sensitive values are switched off, as local settings of the transaction, by messages of the gateway's own.

import type { QuietPlan } from '@sluice/mask'
import { messagesOf, OWN_NAME_PREFIX } from '../hold/own-work.ts'
import { carriesQuery } from './carried-query.ts'
import { AS_IT_IS } from './reply-queue.ts'
import type { GroupReply, ReadStatement } from './statements.ts'

/** Bitmaps give rows as they lie in the table. Servers do not know all of these. */
const SCANS = ['enable_indexscan', 'enable_presorted_aggregate'] as const

export const SWITCHED_OFF: Readonly<Record<QuietPlan, readonly string[]>> = {
  scans: SCANS,
  joins: [...SCANS, 'enable_mergejoin', 'enable_hashjoin', 'enable_hashagg', 'enable_sort'],
}

const NAME = `${OWN_NAME_PREFIX}planning`

/** Messages, and what is expected in return; the client sees neither. */
type HiddenMessages = { readonly messages: readonly Buffer[]; readonly replies: readonly GroupReply[] }

/** `before` and `behind` what has the server plan. */
type QuietPlanning = { readonly before: HiddenMessages; readonly behind: HiddenMessages }

const known = 'pg_catalog.current_setting(n, true) is not null'
const previous = `(pg_catalog.textcat('sluice.', n))`

/** Returns no rows. */
const forEach = (names: readonly string[], change: string): string =>
  `select from pg_catalog.unnest('{${names.join()}}'::pg_catalog.text[]) n
    where case when ${known} then ${change} end operator(pg_catalog.=) ''`

const off = (names: readonly string[]): string =>
  forEach(
    names,
    `pg_catalog.textcat(pg_catalog.set_config(${previous}, pg_catalog.current_setting(n), true),
      pg_catalog.set_config(n, 'off', true))`,
  )

const asBefore = (names: readonly string[]): string =>
  forEach(names, `pg_catalog.set_config(n, pg_catalog.current_setting(${previous}), true)`)

const hidden = (to: GroupReply['to']): GroupReply => ({ to, confirmed: null, hidden: true, masked: AS_IT_IS })

function statement(text: string): HiddenMessages {
  return {
    messages: [messagesOf({ text, parameters: [] }, NAME)],
    replies: (['close', 'close', 'parse', 'bind', 'execute', 'close', 'close'] as const).map(hidden),
  }
}

const quietly = (plan: QuietPlan): QuietPlanning => ({
  before: statement(off(SWITCHED_OFF[plan])),
  behind: statement(asBefore(SWITCHED_OFF[plan])),
})

const PLANNINGS: Readonly<Record<QuietPlan, QuietPlanning>> = { scans: quietly('scans'), joins: quietly('joins') }

const NOTHING: HiddenMessages = { messages: [], replies: [] }
const AS_USUAL: QuietPlanning = { before: NOTHING, behind: NOTHING }
const DISCARD = statement('discard plans')

type Plannings = { readonly bind: QuietPlanning; readonly execute: QuietPlanning }

const UNCHANGED: Plannings = { bind: AS_USUAL, execute: AS_USUAL }

/** @param session null where it masks nothing */
export function quietPlanning(session: { readonly plannings: QuietPlannings } | null, read: ReadStatement): Plannings {
  return session?.plannings.of(read) ?? UNCHANGED
}

/** Of one session. */
export class QuietPlannings {
  /** The version of the mask plan under which the oldest was made of the plans that the server may have kept. */
  #since: string | null = null

  /** What stands around Bind, by which most statements are planned, and around Execute, by which those that carry a query are. */
  of({ analysed, utility }: ReadStatement): Plannings {
    if (analysed === undefined) return UNCHANGED
    const { version } = analysed.view.plan
    this.#since ??= version
    const { quiet } = analysed
    if (quiet === null) return UNCHANGED
    const planning = this.#anew(PLANNINGS[quiet], version)
    return carriesQuery(utility) ? { bind: AS_USUAL, execute: planning } : { bind: planning, execute: AS_USUAL }
  }

  /** The server keeps the plans of prepared statements: those that were made when less was sensitive are dropped. */
  #anew({ before, behind }: QuietPlanning, version: string): QuietPlanning {
    if (this.#since === version) return { before, behind }
    const confirmed = (): void => {
      this.#since = version
    }
    const replies = DISCARD.replies.map((reply) => (reply.to === 'execute' ? { ...reply, confirmed } : reply))
    return {
      before: { messages: [...DISCARD.messages, ...before.messages], replies: [...replies, ...before.replies] },
      behind,
    }
  }
}
