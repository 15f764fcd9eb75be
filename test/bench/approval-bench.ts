// Proxy and approver as processes of their own in front of the benchmark's database, over the embedded log; and what the
// rows about approvals ask of them.

import { Agent, get } from 'node:http'
import { type ApprovalStand, startApprovalStand } from '../approvals/stand.ts'
import type { Login } from '../stand/proxy.ts'
import { logIn, query, type WireClient } from '../stand/wire-client.ts'
import type { Upstream } from './upstream.ts'

/** Longer than any run. */
const TICKET_MS = 3_600_000
const MAX_HELD = 1_000
const PARALLEL_LOGINS = 4
const HELD_TIMEOUT_MS = 60_000

export type ApprovalBench = {
  readonly stand: ApprovalStand
  readonly login: Login
  readonly openSessions: (count: number) => Promise<readonly WireClient[]>
  /** How many commands wait, as the approver itself counts them. */
  readonly held: () => Promise<number>
  /** Resolves as soon as the approver says so. It is asked again and again, at most every millisecond or so. */
  readonly untilHeld: (count: number) => Promise<void>
  readonly stop: () => Promise<void>
}

/** Waits for an approval under the stand's policies. */
export const update = (id: number, status: string): Buffer =>
  query(`UPDATE orders SET status = '${status}' WHERE id = ${id}`)

export const startApprovalBench = async (upstream: Upstream): Promise<ApprovalBench> => {
  const database = { server: upstream, authority: { certificate: upstream.authority }, name: upstream.database }
  const stand = await startApprovalStand(database, { limits: { heldPerSubject: MAX_HELD, held: MAX_HELD } })
  const { proxy } = stand
  const login = await proxy.ticket({ ttlMs: TICKET_MS })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const held = (): Promise<number> => heldOf(`${stand.approverHealthUrl()}/metrics`, agent)
  return {
    stand,
    login,
    openSessions: async (count) => {
      const sessions: WireClient[] = []
      let left = count
      const open = async (): Promise<void> => {
        while (left-- > 0) sessions.push(await logIn(proxy, login))
      }
      await Promise.all(Array.from({ length: PARALLEL_LOGINS }, open))
      return sessions
    },
    held,
    untilHeld: async (count) => {
      const deadline = performance.now() + HELD_TIMEOUT_MS
      while ((await held()) !== count) {
        if (performance.now() > deadline) throw new Error(`not ${count} commands wait, but ${await held()}`)
      }
    },
    stop: async () => {
      agent.destroy()
      await stand.stop()
    },
  }
}

const heldOf = (url: string, agent: Agent): Promise<number> =>
  new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      let text = ''
      response
        .setEncoding('utf8')
        .on('data', (part: string) => {
          text += part
        })
        .on('end', () => resolve(Number(/^sluice_approver_held (\d+)$/m.exec(text)?.[1] ?? Number.NaN)))
        .on('error', reject)
    }).on('error', reject)
  })
