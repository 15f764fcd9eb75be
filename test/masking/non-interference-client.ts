// One client of the gateway that asks random queries in every way there is, and what it gets to see, byte for byte.

import {
  bind,
  bindAs,
  close,
  describe,
  execute,
  parse,
  query,
  type Reply,
  seenIn,
  sync,
  type WireClient,
} from '../stand/wire-client.ts'
import type { Way } from './random-query.ts'

/** The messages, and how many ReadyForQuery answer them. */
function messagesFor(way: Way, text: string): readonly Buffer[] {
  switch (way) {
    case 'simple':
      return [query(text)]
    case 'extended':
      return [parse('', text), describe('S'), bind('', ''), describe('P'), execute(), sync]
    case 'binary':
      return [parse('', text), bindAs('', '', [1]), describe('P'), execute(), sync]
    case 'prepared twice': {
      const once = [bind('', 'p'), describe('P'), execute('', 3), execute(), sync]
      return [parse('p', text), sync, ...once, ...once, close('S', 'p'), sync]
    }
    case 'cursor':
      return [query(`declare c scroll cursor for ${text}`), query('fetch 3 from c'), query('fetch all from c')]
    case 'copy text':
      return [query(`copy (${text}) to stdout`)]
    case 'copy csv':
      return [query(`copy (${text}) to stdout with (format csv, header)`)]
    case 'copy binary':
      return [query(`copy (${text}) to stdout with (format binary)`)]
    case 'explain':
      // What it costs follows from the sizes of tables, and those from what was written and undone.
      return [query(`explain (verbose, costs off) ${text}`)]
    default:
      return way satisfies never
  }
}

const SYNC = sync[0]
const QUERY = query('')[0]

/** Everything from the first answer to the last; what a query did is undone. */
export async function ask(client: WireClient, way: Way, text: string): Promise<readonly Reply[]> {
  const messages = [query('begin'), ...messagesFor(way, text), query('rollback')]
  // Who fetches before it is told that there is a cursor is refused.
  const turns = way === 'cursor' ? messages.map((message) => [message]) : [messages]
  const replies: Reply[] = []
  for (const turn of turns) {
    client.send(...turn)
    replies.push(...(await client.until(turn.filter(([type]) => type === SYNC || type === QUERY).length)))
  }
  return replies
}

export const isRefused = (replies: readonly Reply[]): boolean =>
  replies.some((reply) => reply.type === 'E' && seenIn(reply).includes('Msluice: '))

export const isFailed = (replies: readonly Reply[]): boolean => replies.some(({ type }) => type === 'E')

/** The first reply that differs, of each; null where all are the same. */
export function difference(left: readonly Reply[], right: readonly Reply[]): readonly [string, string] | null {
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const [a, b] = [left[index], right[index]]
    const [seenLeft, seenRight] = [a === undefined ? 'nothing' : seenIn(a), b === undefined ? 'nothing' : seenIn(b)]
    if (seenLeft !== seenRight)
      return [`${index}: ${JSON.stringify(seenLeft)}`, `${index}: ${JSON.stringify(seenRight)}`]
  }
  return null
}
