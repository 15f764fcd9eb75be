// One client that asks without end, or never reads, costs the gateway no more than its bounds.

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, startDatabase } from '../stand/database.ts'
import { type RunningProxy, startProxy } from '../stand/proxy.ts'
import {
  bind,
  close,
  describe as describeMessage,
  execute,
  logIn,
  parse,
  query,
  sync,
  transcript,
} from '../stand/wire-client.ts'

const MiB = 1024 * 1024
const READY_BYTES = 6

describe('bounds', () => {
  let database: Database
  let proxy: RunningProxy

  beforeAll(async () => {
    database = await startDatabase(18)
    proxy = await startProxy(database, { limits: { preparedStatementBytes: MiB } })
  })

  afterAll(async () => {
    await proxy?.stop()
    await database?.stop()
  })

  const client = async () => logIn(proxy, await proxy.ticket())

  async function residentBytes(): Promise<number> {
    const text = await (await fetch(`${proxy.healthUrl}/metrics`)).text()
    return Number(/^process_resident_memory_bytes (\d+)/m.exec(text)?.[1])
  }

  async function pipelineUnread(messages: number) {
    const asking = await client()
    asking.socket.pause()
    for (let sent = 0; sent < messages; sent += 100_000) asking.send(...Array.from({ length: 100_000 }, () => sync))
    await sleep(2_000)
    return asking
  }

  it('a client that pipelines and does not read is left to wait', async () => {
    const before = await residentBytes()
    const asking = await pipelineUnread(2_000_000)
    expect(((await residentBytes()) - before) / MiB).toBeLessThan(128)
    asking.end()
  })

  it('and is answered when it reads', async () => {
    const asking = await pipelineUnread(100_000)
    asking.socket.removeAllListeners('data')
    let left = 100_000 * READY_BYTES
    await new Promise<void>((resolve) => {
      asking.socket.on('data', (chunk: Buffer) => {
        left -= chunk.length
        if (left === 0) resolve()
      })
      asking.socket.resume()
    })
    expect(left).toBe(0)
    asking.end()
  })

  it('what follows an error up to a Sync that is far away is dropped, and the session goes on', async () => {
    const asking = await client()
    const ignored = Array.from({ length: 40_000 }, () => describeMessage('S', ''))
    expect(await asking.ask(parse('', 'select nothing'), ...ignored, sync)).toBe('E(42703) Z(I)')
    expect(await asking.ask(...ignored, sync)).toBe('E(26000) Z(I)')
    expect(await asking.ask(parse('', 'delete from orders'), ...ignored, sync)).toBe('E(42501) Z(I)')
    expect(await asking.ask(query('select 1'))).toBe('T D C(SELECT 1) Z(I)')
    asking.end()
  })

  it('more replies than are waited for come in order', async () => {
    const asking = await client()
    asking.send(parse('one', 'select 1'))
    for (let round = 0; round < 9_000; round++) asking.send(bind('', 'one'), execute(), close('S', `unknown ${round}`))
    asking.send(sync)
    const replies = await asking.until()
    expect(transcript(replies.slice(0, 5))).toBe('1 2 D C(SELECT 1) 3')
    expect(transcript(replies.slice(-5))).toBe('2 D C(SELECT 1) 3 Z(I)')
    expect(replies).toHaveLength(1 + 9_000 * 4 + 1)
    asking.end()
  })

  it('prepared statements have room together', async () => {
    const asking = await client()
    const large = `select '${'x'.repeat(400_000)}'`
    expect(await asking.ask(parse('a', large), sync, parse('b', large), sync)).toBe('1 Z(I)')
    expect(transcript(await asking.until())).toBe('1 Z(I)')
    expect(await asking.ask(parse('c', large), sync)).toBe('E(54000) Z(I)')
    expect(await asking.ask(close('S', 'a'), sync)).toBe('3 Z(I)')
    expect(await asking.ask(parse('c', large), sync)).toBe('1 Z(I)')
    asking.end()
  })
})
