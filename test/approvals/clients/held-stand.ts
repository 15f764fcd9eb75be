// A real proxy and approver for the real clients. The tables say what becomes of a command that would change them, and
// a reviewer decides only after the client itself has said that it was told.

import type { PostgresMajor } from '@sluice/demo'
import type { PolicyFile } from '@sluice/events'
import { type Database, GATEWAY_ROLE, startDatabase } from '../../stand/database.ts'
import type { Login } from '../../stand/proxy.ts'
import { WRITES_WITH_APPROVAL } from '../policies.ts'
import { type ApprovalStand, type AskedRequest, isAsked, startApprovalStand } from '../stand.ts'

const TABLES = ['agreed', 'refused', 'brief', 'silent'] as const

export type HeldStand = {
  readonly approvals: ApprovalStand
  readonly database: Database
  readonly login: Login
  readonly port: number
  readonly authority: string
  readonly authorityFile: string
  /** What a client was told: finds the request, and decides as its table says. */
  readonly review: (notice: Notice) => Promise<AskedRequest>
  /** Everything that was asked about a text like this. */
  readonly asked: (part: string) => Promise<readonly AskedRequest[]>
  /** Why nobody needs to decide any more on commands like this; resolves when the node has said so of each. */
  readonly withdrawals: (part: string) => Promise<readonly string[]>
  /** Rows of one column past the gateway. */
  readonly column: (sql: string) => Promise<readonly unknown[]>
  readonly stop: () => Promise<void>
}

export type Notice = { readonly message: string; readonly detail: string; readonly hint: string }

const REVIEWER = { id: 'olivia' }
const HELD = /^sluice: held until a person of data-owners approves \(up to \d+ (minutes|seconds?)\)$/
const DETAIL = /^approval ([0-9A-Z]{4})-([0-9A-Z]{4}) · policy agents-write-(?:with-approval|briefly)$/
export const REFUSED_BECAUSE = 'not on a Friday'
const WAIT_MS = 15_000
const LOOK_AGAIN_MS = 20

/** One rule for the table that expires, the other for all others. */
const POLICIES: readonly PolicyFile[] = WRITES_WITH_APPROVAL.map(({ name, text }) => ({
  name,
  text: `${text.replace(
    '@approval("data-owner")\npermit (principal in Group::"agents", action in [Action::"sql:write", Action::"sql:ddl"], resource);',
    `@approval("data-owner")
permit (principal in Group::"agents", action in [Action::"sql:write", Action::"sql:ddl"], resource)
unless { context.tables.contains("public.brief") };`,
  )}
@id("agents-write-briefly")
@approval("at-once")
permit (principal in Group::"agents", action == Action::"sql:write", resource)
when { context.tables.contains("public.brief") };
`,
}))

const owners = { reviewers: ['group:data-owners'], count: 1 }

const SETUP = TABLES.map(
  (table) => `
  create table ${table} (id serial primary key, word text, amount numeric, doc jsonb, bytes bytea);
  insert into ${table} (id, word) select n, 'new' from generate_series(1, 100) n;
  select setval('${table}_id_seq', 1000);
  grant select, insert, update, delete on ${table} to ${GATEWAY_ROLE};
  grant usage on sequence ${table}_id_seq to ${GATEWAY_ROLE};`,
).join('\n')

export async function startHeldStand(major: PostgresMajor = 18): Promise<HeldStand> {
  const database = await startDatabase(major)
  await database.query(SETUP)
  const approvals = await startApprovalStand(database, {
    policies: POLICIES,
    approvalRules: {
      'data-owner': { ...owners, expires: '10m', inTransaction: { hold: '30s' } },
      'at-once': { ...owners, expires: '1s', inTransaction: { hold: '1s' } },
    },
    limits: { denialsBeforePause: 1_000, heldPerSubject: 1_000 },
  })
  const { proxy } = approvals
  const asked: HeldStand['asked'] = async (part) =>
    (await approvals.requests()).filter(isAsked).filter(({ requested }) => requested.command.includes(part))
  return {
    approvals,
    database,
    login: await proxy.ticket(),
    port: proxy.port,
    authority: proxy.authority,
    authorityFile: proxy.authorityFile,
    review: (notice) => reviewOf(approvals, notice),
    asked,
    withdrawals: async (part) => {
      const until = performance.now() + WAIT_MS
      for (;;) {
        const ids = (await asked(part)).map(({ approvalId }) => approvalId)
        const ends = (await approvals.requests()).filter(({ approvalId }) => ids.includes(approvalId))
        const reasons = ends.flatMap(({ withdrawn }) => (withdrawn === null ? [] : [withdrawn.reason]))
        if (ids.length > 0 && reasons.length === ids.length) return reasons
        if (performance.now() > until) throw new Error(`not withdrawn: ${part}: ${JSON.stringify(ids)}`)
        await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
      }
    },
    column: async (sql) => (await database.query(sql)).rows.map((row: object) => Object.values(row)[0]),
    stop: async () => {
      await approvals.stop()
      await database.stop()
    },
  }
}

async function reviewOf(approvals: ApprovalStand, { message, detail }: Notice): Promise<AskedRequest> {
  if (!HELD.test(message)) throw new Error(`a strange notice: ${message}`)
  const code = DETAIL.exec(detail)?.slice(1).join('')
  const found = (await approvals.requests()).filter(isAsked).find(({ requested }) => requested.code === code)
  if (found === undefined) throw new Error(`nothing was asked under what the client was told: ${detail}`)
  const fate = TABLES.find((table) => found.requested.touches.some(({ name }) => name === `public.${table}`))
  if (fate === 'agreed') await approvals.vote({ code: found.requested.code, as: REVIEWER, vote: 'approve' })
  if (fate === 'refused') {
    await approvals.vote({ code: found.requested.code, as: REVIEWER, vote: 'deny', reason: REFUSED_BECAUSE })
  }
  return found
}
