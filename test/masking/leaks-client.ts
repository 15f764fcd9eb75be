// One attack: messages as no driver sends them, or texts of simple queries, and what comes of it.

import { decodeReport } from '../../services/proxy/src/postgres/wire/decode.ts'
import { CLIENT, query, type Reply, type WireClient } from '../stand/wire-client.ts'

/**
 * A text is a simple query; messages are sent together, and answered by so many ReadyForQuery as they ask for. What the
 * owner of the database does happens past the gateway.
 */
export type Step = string | readonly Buffer[] | { readonly owner: string }

export type Attack = {
  readonly name: string
  readonly steps: readonly Step[]
  /** Of the last step: what is refused or fails, by its SQLSTATE and, where the gateway says so, its reason. */
  readonly ends: string
}

const SYNC = CLIENT.sync
const QUERY = CLIENT.query

export async function runSteps(
  client: WireClient,
  steps: readonly Step[],
  owner: (sql: string) => Promise<void> = () => Promise.reject(new Error('there is no owner')),
): Promise<readonly Reply[][]> {
  const all: Reply[][] = []
  for (const step of steps) {
    if (typeof step !== 'string' && 'owner' in step) {
      await owner(step.owner)
      continue
    }
    const messages = typeof step === 'string' ? [query(step)] : step
    client.send(...messages)
    const answers = messages.filter(([type]) => type === SYNC || type === QUERY).length
    all.push([...(await client.until(answers))])
    if (client.closed) break
  }
  return all
}

/** How the last step ended: `answered`, `closed`, or whose error it was, with its SQLSTATE. */
export function endOf(replies: readonly Reply[][]): string {
  const last = replies.at(-1) ?? []
  const error = last.find(({ type }) => type === 'E')
  if (error === undefined) return last.at(-1)?.type === 'Z' ? 'answered' : 'closed'
  const fields = decodeReport(error.bytes)
  const whose = (fields.get('M') ?? '').startsWith('sluice: ') ? 'refused' : 'fails'
  return `${whose} ${fields.get('C') ?? ''}`
}
