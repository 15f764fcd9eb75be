import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { EXIT, isServiceMessage } from './supervision.ts'

const FIXTURE = join(import.meta.dirname, 'fixtures/service.ts')

function start(behaviour: string): { child: ChildProcess; stderr: () => string } {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-service-'))
  writeFileSync(join(dir, 'config'), behaviour)
  const child = fork(FIXTURE, ['--config', join(dir, 'config')], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [],
  })
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  onTestFinished(() => {
    child.kill('SIGKILL')
    rmSync(dir, { recursive: true })
  })
  return { child, stderr: () => stderr }
}

async function firstMessage(child: ChildProcess) {
  const [message] = await once(child, 'message')
  if (!isServiceMessage(message)) throw new Error('not a service message')
  return message
}

describe('a service under a supervisor', { timeout: 20_000 }, () => {
  it('says when it is ready and where it listens, and exits with 0 on SIGTERM', async () => {
    const { child } = start('serve')
    expect(await firstMessage(child)).toMatchObject({
      ready: true,
      service: 'fixture',
      pid: child.pid,
      addresses: { postgres: '127.0.0.1:1' },
      details: {},
    })
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([EXIT.ok, null])
  })

  it('leaves Ctrl-C to the supervisor, and stops when the channel closes', async () => {
    const { child, stderr } = start('serve')
    await firstMessage(child)
    child.kill('SIGINT')
    child.disconnect()
    expect(await once(child, 'exit')).toEqual([EXIT.ok, null])
    expect(stderr()).toContain('"event":"stopped"')
  })

  it('cuts off a drain that does not end', async () => {
    const { child, stderr } = start('never-drains')
    await firstMessage(child)
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([EXIT.ok, null])
    expect(stderr()).toContain('drain_cut_off')
  })

  it.each([
    ['refuse', 'EADDRINUSE', EXIT.unavailable],
    ['misconfigured', 'config_invalid', EXIT.configuration],
  ])('tells why it could not start: %s', async (behaviour, code, exitCode) => {
    const { child } = start(behaviour)
    const [message, exit] = await Promise.all([firstMessage(child), once(child, 'exit')])
    expect(message).toMatchObject({ ready: false, code })
    expect(exit).toEqual([exitCode, null])
  })

  it.each([
    ['fail-later', '"event":"failed"'],
    ['bug', '"event":"uncaught"'],
  ])('exits with 1 and says why when it cannot go on: %s', async (behaviour, logged) => {
    const { child, stderr } = start(behaviour)
    await firstMessage(child)
    child.send('go')
    expect(await once(child, 'exit')).toEqual([EXIT.failed, null])
    expect(stderr()).toContain(logged)
  })
})
