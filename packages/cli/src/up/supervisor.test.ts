import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { restartDelayMs } from './backoff.ts'
import type { Part, PartName } from './parts.ts'
import { Supervisor } from './supervisor.ts'

type Told = { what: string; name: string; pid?: number }

function supervised(behaviours: Partial<Record<PartName, string>>) {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-supervisor-'))
  const told: Told[] = []
  const waiting: { what: string; resolve: () => void }[] = []
  const tell = (event: Told) => {
    told.push(event)
    for (const each of waiting) if (each.what === event.what) each.resolve()
  }
  const parts = Object.entries(behaviours).map(([name, behaviour]): Part => {
    writeFileSync(join(dir, name), behaviour)
    return {
      name: name as PartName,
      title: name,
      main: join(import.meta.dirname, 'fixtures/child.ts'),
      configFile: join(dir, name),
      describe: () => ({ what: '', where: '' }),
    }
  })
  const supervisor = new Supervisor(parts, {
    logsDir: dir,
    environment: process.env,
    events: {
      started: (name, pid) => tell({ what: 'started', name, pid }),
      crashed: (name) => tell({ what: 'crashed', name }),
      back: (name) => tell({ what: 'back', name }),
    },
  })
  onTestFinished(async () => {
    await supervisor.stop(100)
    rmSync(dir, { recursive: true })
  })
  return {
    supervisor,
    told,
    next: (what: string) => new Promise<void>((resolve) => waiting.push({ what, resolve })),
    pidOf: (name: string) => told.findLast((event) => event.what === 'started' && event.name === name)?.pid ?? 0,
  }
}

const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('the supervisor', { timeout: 30_000 }, () => {
  it('starts all parts, tells of them in their order, and leaves no process when it stops', async () => {
    const { supervisor, pidOf } = supervised({ masker: 'serves', proxy: 'serves' })
    const order: string[] = []
    const ready = await supervisor.start((part) => order.push(part.name))
    expect([order, [...ready.keys()]]).toEqual([
      ['masker', 'proxy'],
      ['masker', 'proxy'],
    ])
    const pids = [pidOf('masker'), pidOf('proxy')]
    expect(pids.map(lives)).toEqual([true, true])
    await supervisor.stop()
    expect(pids.map(lives)).toEqual([false, false])
  })

  it('starts a crashed part again and says so', async () => {
    const { supervisor, told, next, pidOf } = supervised({ masker: 'serves', proxy: 'serves' })
    await supervisor.start(() => undefined)
    const [masker, proxy] = [pidOf('masker'), pidOf('proxy')]
    const back = next('back')
    process.kill(masker, 'SIGKILL')
    await back
    expect(told.map(({ what, name }) => `${what} ${name}`).slice(2)).toEqual([
      'crashed masker',
      'started masker',
      'back masker',
    ])
    expect(pidOf('masker')).not.toBe(masker)
    expect(pidOf('proxy')).toBe(proxy)
  })

  it('gives up a start at the first part that cannot, with what it said', async () => {
    const { supervisor } = supervised({ masker: 'serves', proxy: 'refuses' })
    await expect(supervisor.start(() => undefined)).rejects.toMatchObject({
      child: 'proxy',
      code: 'EADDRINUSE',
      message: 'the port is taken',
    })
    const dying = supervised({ console: 'dies' })
    await expect(dying.supervisor.start(() => undefined)).rejects.toThrow('exit code 7')
  })

  it('kills what does not stop in time', async () => {
    const { supervisor, pidOf } = supervised({ masker: 'stubborn' })
    await supervisor.start(() => undefined)
    await supervisor.stop(200)
    expect(lives(pidOf('masker'))).toBe(false)
  })

  it('does not start again what it stops, nor what waits for its restart', async () => {
    const { supervisor, told, next, pidOf } = supervised({ masker: 'serves' })
    await supervisor.start(() => undefined)
    const crashed = next('crashed')
    process.kill(pidOf('masker'), 'SIGKILL')
    await crashed
    await supervisor.stop()
    expect(told.filter(({ what }) => what === 'started')).toHaveLength(1)
  })
})

describe('restarts', () => {
  it('come later each time, but never later than ten seconds', () => {
    const delays = Array.from({ length: 40 }, (_, attempt) => restartDelayMs(attempt))
    expect(delays.slice(0, 4)).toEqual([250, 500, 1_000, 2_000])
    expect(delays.at(-1)).toBe(10_000)
    expect(delays).toEqual(delays.toSorted((a, b) => a - b))
  })
})
