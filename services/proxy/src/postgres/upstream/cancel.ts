// Cancelling: our own keys toward clients, the upstream's toward the upstream.

import { randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import * as encode from '../wire/encode.ts'
import { PROTOCOL_3_2 } from '../wire/message-types.ts'
import { type CancelKey, openUpstream, type UpstreamAddress } from './connect.ts'

const MAX_PROCESS_ID = 0x7fffffff
const CANCEL_TIMEOUT_MS = 5_000

/** Which session a cancel request means. Keys are random; a wrong one has no answer, as in PostgreSQL. */
export class CancelRegistry {
  readonly #sessions = new Map<number, { readonly secret: Buffer; readonly cancel: () => void }>()

  /** Protocol 3.0 has four bytes of secret, 3.2 takes 32. */
  register(version: number, cancel: () => void): CancelKey {
    let processId = randomInt(1, MAX_PROCESS_ID)
    while (this.#sessions.has(processId)) processId = randomInt(1, MAX_PROCESS_ID)
    const secret = randomBytes(version >= PROTOCOL_3_2 ? 32 : 4)
    this.#sessions.set(processId, { secret, cancel })
    return { processId, secret }
  }

  unregister(key: CancelKey): void {
    this.#sessions.delete(key.processId)
  }

  /** Whether the key was known. */
  request(key: CancelKey): boolean {
    const found = this.#sessions.get(key.processId)
    if (found === undefined || found.secret.length !== key.secret.length) return false
    if (!timingSafeEqual(found.secret, key.secret)) return false
    found.cancel()
    return true
  }
}

/** Asks the upstream to cancel what a session runs. Resolves when the upstream has closed the connection. */
export async function cancelUpstream(address: UpstreamAddress, key: CancelKey): Promise<void> {
  const signal = AbortSignal.timeout(CANCEL_TIMEOUT_MS)
  const socket = await openUpstream(address, signal)
  await new Promise<void>((resolve) => {
    const stop = (): void => {
      socket.destroy()
      resolve()
    }
    signal.addEventListener('abort', stop, { once: true })
    socket.on('error', stop)
    socket.on('close', stop)
    socket.resume()
    // The server closes without an answer. Closing first could overtake the request.
    socket.write(encode.cancelRequest(key))
  })
}
