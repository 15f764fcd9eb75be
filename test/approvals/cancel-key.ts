// A session with the key that a cancel request needs.

import type { RunningProxy } from '../stand/proxy.ts'
import { authenticateBy, openTls, WireClient } from '../stand/wire-client.ts'

export type CancelKey = { readonly processId: number; readonly secret: Buffer }

export async function logInWithKey(
  proxy: RunningProxy,
): Promise<{ readonly client: WireClient; readonly key: CancelKey }> {
  const client = new WireClient(await openTls(proxy))
  const welcome = await authenticateBy(client, await proxy.ticket())
  const data = welcome.find(({ type }) => type === 'K')
  if (data === undefined) throw new Error('no cancel key was given')
  return { client, key: { processId: data.bytes.readInt32BE(5), secret: data.bytes.subarray(9) } }
}
