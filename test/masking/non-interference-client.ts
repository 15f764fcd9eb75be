// One client of the gateway that asks random queries in every way there is, and what it gets to see, byte for byte.

import * as encode from '../../services/proxy/src/postgres/wire/encode.ts'
import { CLIENT } from '../../services/proxy/src/postgres/wire/message-types.ts'
import {
  bind,
  close,
  describe,
  execute,
  parse,
  query,
  type Reply,
  sync,
  type WireClient,
} from '../stand/wire-client.ts'
import type { Way } from './random-query.ts'

/** Each event has an id of its own; nothing in one follows from data. */
const EVENT_ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g

const bindBinary = (portal: string, statement: string): Buffer =>
  encode.message(
    CLIENT.bind,
    encode.cString(portal),
    encode.cString(statement),
    ...[0, 0, 1, 1].map((part) => encode.int16(part)),
  )

/** The messages, and how many ReadyForQuery answer them. */
function messagesFor(way: Way, text: string): readonly Buffer[] {
  switch (way) {
    case 'simple':
      return [query(text)]
    case 'extended':
      return [parse('', text), describe('S'), bind('', ''), describe('P'), execute(), sync]
    case 'binary':
      return [parse('', text), bindBinary('', ''), describe('P'), execute(), sync]
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

/** As one string: each byte a character. */
export const seenIn = ({ type, bytes }: Reply): string => {
  const text = bytes.toString('latin1')
  return type === 'E' || type === 'N' ? text.replaceAll(EVENT_ID, 'id') : text
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
