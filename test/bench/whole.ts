// What a new user meets: a fresh clone started by `npm start`, the second start, and the memory of all of it idle.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { RowResult, TargetResult } from './measure.ts'
import { type Running, start } from './processes.ts'
import type { Described } from './report.ts'
import { spread } from './statistics.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const READY_TIMEOUT_MS = 600_000
const POLL_MS = 20
const IDLE_MS = 10_000
const MB = 2 ** 20

export const WHOLE_ROWS: readonly Described[] = [
  {
    id: 'start-fresh',
    title: 'fresh clone → ready, with an empty npm cache',
    unit: 's',
    bound: { of: 'value', atMost: 90 },
  },
  { id: 'start-again', title: 'second start → ready', unit: 's', bound: { of: 'value', atMost: 6 } },
  { id: 'idle-memory', title: 'memory of everything, idle (shared pages are divided)', unit: 'MB', bound: null },
]

/** Process ids by parent. */
const childrenOf = (): ReadonlyMap<number, readonly number[]> => {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      children.set(parent, [...(children.get(parent) ?? []), Number(name)])
    } catch {
      // It ended between the two reads.
    }
  }
  return children
}

const treeOf = (pid: number, children = childrenOf()): readonly number[] => [
  pid,
  ...(children.get(pid) ?? []).flatMap((child) => treeOf(child, children)),
]

/** Memory with each shared page divided among its users. */
const proportionalBytes = (pid: number): number => {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

const untilReady = async (running: Running, readyFile: string): Promise<void> => {
  const deadline = Date.now() + READY_TIMEOUT_MS
  while (!existsSync(readyFile)) {
    const ended = running.child.exitCode !== null || running.child.signalCode !== null
    if (ended || Date.now() > deadline) throw new Error(`npm start did not come up:\n${running.said()}`)
    await sleep(POLL_MS)
  }
}

/** `npm start` in a clone, until its ready file is there. */
const startIn = async (clone: string, cache: string): Promise<{ running: Running; seconds: number }> => {
  const readyFile = join(clone, '.ready.json')
  rmSync(readyFile, { force: true })
  const env = { ...process.env, npm_config_cache: cache }
  const started = performance.now()
  const args = ['start', '--', '--free-ports', '--ready-file', readyFile]
  const running = start('npm', args, { cwd: clone, env, stdio: ['ignore', 'pipe', 'pipe'] })
  try {
    await untilReady(running, readyFile)
    return { running, seconds: (performance.now() - started) / 1000 }
  } catch (error) {
    await running.stop()
    throw error
  }
}

const idleMemory = (running: Running, pids: Readonly<Record<string, number>>): readonly TargetResult[] => {
  const of = (name: string, title: string, members: readonly number[]): TargetResult =>
    result(name, title, members.reduce((total, pid) => total + proportionalBytes(pid), 0) / MB)
  const parts = Object.entries(pids).map(([name, pid]) => of(`part ${name}`, name, treeOf(pid)))
  return [of('sluice', 'everything, npm and supervisor too', treeOf(running.pid)), ...parts]
}

const result = (name: string, title: string, value: number): TargetResult => ({
  name,
  title,
  value: spread([value]),
  ratioToDirect: null,
  ratioToPgbouncer: null,
  cpuMicros: null,
  cpuToPgbouncer: null,
  peakBytes: null,
})

export const measureWhole = async (
  ids: readonly string[],
  say: (text: string) => void,
): Promise<readonly RowResult[]> => {
  if (ids.length === 0) return []
  const dir = mkdtempSync(join(tmpdir(), 'sluice-clone-'))
  const clone = join(dir, 'sluice')
  const row = (id: string, targets: readonly TargetResult[]): RowResult => ({
    row: id,
    tls: 'on',
    rounds: 1,
    seconds: 0,
    targets,
  })
  try {
    // PostgreSQL runs as another user where we are root, and has to enter.
    execFileSync('chmod', ['755', dir])
    execFileSync('git', ['clone', '--quiet', ROOT, clone])
    const first = await startIn(clone, join(dir, 'npm-cache'))
    say(`start-fresh: ${first.seconds.toFixed(1)} s`)
    await first.running.stop()
    const second = await startIn(clone, join(dir, 'npm-cache'))
    say(`start-again: ${second.seconds.toFixed(1)} s`)
    try {
      await sleep(IDLE_MS)
      const { pids } = JSON.parse(readFileSync(join(clone, '.ready.json'), 'utf8')) as { pids: Record<string, number> }
      const results = [
        row('start-fresh', [result('sluice', 'npm start', first.seconds)]),
        row('start-again', [result('sluice', 'npm start', second.seconds)]),
        row('idle-memory', idleMemory(second.running, pids)),
      ]
      return results.filter(({ row: id }) => ids.includes(id))
    } finally {
      await second.running.stop()
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
