// Where the proxy's main thread spends its time: a CPU profile of Sluice under one row's load, as shares of stages and
// as the functions that cost most. Waiting for work is left out.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cpuMicrosByThread } from './processes.ts'
import { type Row, warmUp } from './rows.ts'
import { startSluice } from './sluice-target.ts'
import type { TlsSetting } from './targets.ts'
import type { Upstream } from './upstream.ts'

type ProfileNode = {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  readonly children?: readonly number[]
}
export type CpuProfile = {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** The first that fits the file of a function, or of its nearest caller that is ours. */
const STAGES: readonly (readonly [stage: string, file: RegExp])[] = [
  ['wire', /services\/proxy\/src\/postgres\/(?:wire|handshake|upstream)\//],
  ['sql', /packages\/sql\/|services\/proxy\/src\/postgres\/(?:sql-reader|text-cache)/],
  ['postgres session', /services\/proxy\/src\/postgres\//],
  ['policy', /packages\/policy\/|services\/proxy\/src\/policies\//],
  ['pipeline', /packages\/session\//],
  ['recording', /packages\/events\//],
  ['journal', /packages\/stream\//],
  ['other of ours', /\/(?:services|packages)\//],
]
const IDLE = '(idle)'
const OWN = new Set(['(garbage collector)', '(program)'])
const MAX_FUNCTIONS = 40

export type Share = { readonly name: string; readonly millis: number; readonly share: number }

const shares = (byName: ReadonlyMap<string, number>): readonly Share[] => {
  const total = [...byName.values()].reduce((sum, micros) => sum + micros, 0)
  return [...byName]
    .map(([name, micros]) => ({ name, millis: micros / 1000, share: micros / total }))
    .sort((a, b) => b.millis - a.millis)
}

/** Self time by stage (of the function or of who called it) and by function. */
export const summariseProfile = (profile: CpuProfile): { stages: readonly Share[]; functions: readonly Share[] } => {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  const parents = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  )
  const stageOf = (id: number | undefined): string => {
    const node = id === undefined ? undefined : nodes.get(id)
    if (node === undefined) return 'runtime'
    if (OWN.has(node.callFrame.functionName)) return node.callFrame.functionName
    const fits = STAGES.find(([, file]) => file.test(node.callFrame.url))
    return fits === undefined ? stageOf(parents.get(node.id)) : fits[0]
  }
  const stages = new Map<string, number>()
  const functions = new Map<string, number>()
  const add = (to: Map<string, number>, name: string, micros: number): void => {
    to.set(name, (to.get(name) ?? 0) + micros)
  }
  for (const [index, id] of profile.samples.entries()) {
    const frame = nodes.get(id)?.callFrame
    if (frame === undefined || frame.functionName === IDLE) continue
    const micros = profile.timeDeltas[index] ?? 0
    const place = frame.url.replace(/^.*\/((?:services|packages|node_modules)\/)/, '$1')
    add(stages, stageOf(id), micros)
    add(functions, `${frame.functionName || '(anonymous)'} ${place}:${frame.lineNumber + 1}`, micros)
  }
  return { stages: shares(stages), functions: shares(functions).slice(0, MAX_FUNCTIONS) }
}

const table = (title: string, rows: readonly Share[]): string =>
  [
    title,
    ...rows.map(
      ({ name, millis, share }) =>
        `${(share * 100).toFixed(1).padStart(6)} %  ${millis.toFixed(0).padStart(6)} ms  ${name}`,
    ),
  ].join('\n')

/** Loads Sluice with a row and describes the profile; the first seconds, in which code is compiled, are in it. */
export const profileRow = async (upstream: Upstream, row: Row, tls: TlsSetting, seconds: number): Promise<string> => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-profile-'))
  try {
    const instance = await startSluice(upstream, tls, ['--cpu-prof', `--cpu-prof-dir=${dir}`])
    let cost = ''
    let threads: readonly Share[] = []
    try {
      await warmUp(instance)
      const [pid = 0] = instance.pids
      const before = cpuMicrosByThread(pid)
      const { value, cpuMicros } = await row.measure(instance, seconds)
      const spent = [...cpuMicrosByThread(pid)].map(
        ([name, micros]) => [name, micros - (before.get(name) ?? 0)] as const,
      )
      threads = shares(new Map(spent)).filter(({ millis }) => millis >= 1)
      cost = `${value.toPrecision(4)} ${row.unit}, ${cpuMicros?.toFixed(1)} µs CPU each on all threads`
    } catch (cause) {
      throw new Error(`the row failed; the proxy said:\n${instance.said?.() ?? ''}`, { cause })
    } finally {
      await instance.stop()
    }
    // Worker threads write profiles of their own; the main thread's is the largest.
    const profiles = readdirSync(dir).map((file) => readFileSync(join(dir, file), 'utf8'))
    const [largest = ''] = profiles.sort((a, b) => b.length - a.length)
    if (largest === '') throw new Error('the proxy wrote no profile')
    const { stages, functions } = summariseProfile(JSON.parse(largest) as CpuProfile)
    return [
      `${row.id}, TLS ${tls}: ${cost}`,
      table('threads', threads),
      table('stages of the main thread', stages),
      table('functions', functions),
    ].join('\n\n')
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
