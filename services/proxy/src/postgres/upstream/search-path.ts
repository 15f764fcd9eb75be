// In which schemas a name without one is looked up, as the upstream itself says. Asked once, behind the login: clients
// may not change it.

import type { Socket } from 'node:net'
import { UpstreamFailed } from '@sluice/events'
import type { ByteReader } from '../handshake/byte-reader.ts'
import { BodyReader } from '../wire/decode.ts'
import * as encode from '../wire/encode.ts'
import { SERVER } from '../wire/message-types.ts'

const MAX_ANSWER_BYTES = 64 * 1024
const QUESTION = encode.query('select pg_catalog.array_to_json(pg_catalog.current_schemas(false))')

/** In their order. Throws UpstreamFailed where the upstream gives no such answer. */
export async function askSearchPath(socket: Socket, reader: ByteReader): Promise<readonly string[]> {
  socket.write(QUESTION)
  let schemas: readonly string[] | null = null
  for (;;) {
    const { type, bytes } = await reader.readMessage(MAX_ANSWER_BYTES)
    if (type === SERVER.dataRow) schemas = schemasOf(bytes)
    else if (type === SERVER.readyForQuery) break
    else if (type === SERVER.error) throw unanswered()
  }
  if (schemas === null) throw unanswered()
  return schemas
}

function schemasOf(row: Buffer): readonly string[] | null {
  const body = new BodyReader(row)
  if (body.uint16() !== 1) return null
  const text = body.bytes(body.int32()).toString('utf8')
  try {
    const parsed: unknown = JSON.parse(text)
    return Array.isArray(parsed) && parsed.every((name) => typeof name === 'string') ? parsed : null
  } catch {
    return null
  }
}

function unanswered(): UpstreamFailed {
  return new UpstreamFailed('upstream_search_path', 'the upstream does not say in which schemas it looks up names')
}
