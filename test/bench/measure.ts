// Rounds: in each one every target is measured once, in turning order, so that what else the machine does and what
// its processor allows at the moment touches all of them alike.

import { fillFileCache } from './file-cache.ts'
import { peakResidentBytes, sum } from './processes.ts'
import { type Row, warmUp } from './rows.ts'
import { ratios, type Sample, type Spread, spread } from './statistics.ts'
import type { Instance, Target, TlsSetting } from './targets.ts'
import type { Upstream } from './upstream.ts'

export type Plan = {
  readonly rows: readonly Row[]
  readonly targets: readonly Target[]
  readonly tls: readonly TlsSetting[]
  readonly rounds: number
  readonly seconds: number
  /** Fill the machine's file cache before each round of a row. */
  readonly fillCache: boolean
  readonly say: (text: string) => void
}

export type TargetResult = {
  readonly name: string
  readonly title: string
  readonly value: Spread
  readonly ratioToDirect: Spread | null
  readonly ratioToPgbouncer: Spread | null
  /** To the same figure before what the row is about. */
  readonly ratioToBefore?: Spread | null
  readonly cpuMicros: Spread | null
  readonly cpuToPgbouncer: Spread | null
  /** The highest memory of the gateway's processes up to the end of the throughput rows. */
  readonly peakBytes: number | null
}

export type RowResult = {
  readonly row: string
  /** Null where nothing is sent. */
  readonly tls: TlsSetting | null
  readonly rounds: number
  readonly seconds: number
  readonly targets: readonly TargetResult[]
}

type Gathered = { readonly row: Row; readonly tls: TlsSetting; readonly samples: Sample[]; rounds: number }

const summarise = (
  { row, tls, samples, rounds }: Gathered,
  plan: Plan,
  peaks: ReadonlyMap<string, number>,
): RowResult => {
  const cpuSamples = samples.flatMap((each) => (each.cpuMicros === null ? [] : [{ ...each, value: each.cpuMicros }]))
  const results = plan.targets.flatMap(({ name, title }): readonly TargetResult[] => {
    const own = samples.filter((sample) => sample.target === name)
    if (own.length === 0) return []
    const cpu = own.flatMap((sample) => (sample.cpuMicros === null ? [] : [sample.cpuMicros]))
    return [
      {
        name,
        title,
        value: spread(own.map(({ value }) => value)),
        ratioToDirect: name === 'direct' ? null : ratios(samples, name, 'direct'),
        ratioToPgbouncer: name === 'pgbouncer' || row.kind === 'memory' ? null : ratios(samples, name, 'pgbouncer'),
        cpuMicros: cpu.length === 0 ? null : spread(cpu),
        cpuToPgbouncer: name === 'pgbouncer' ? null : ratios(cpuSamples, name, 'pgbouncer'),
        peakBytes: peaks.get(`${name} ${tls}`) ?? null,
      },
    ]
  })
  return { row: row.id, tls, rounds, seconds: plan.seconds, targets: results }
}

/** A target that fails in one row is left out there, and said so; the others go on. */
const sample = async (
  gathered: Gathered,
  target: Target,
  instance: Instance,
  round: number,
  plan: Plan,
): Promise<void> => {
  const { row, tls, samples } = gathered
  try {
    const { value, cpuMicros } = await row.measure(instance, plan.seconds)
    samples.push({ target: target.name, round, value, cpuMicros })
    const cpu = cpuMicros === null ? '' : `, ${cpuMicros.toFixed(1)} µs CPU each`
    plan.say(`${row.id} tls ${tls} round ${round + 1} ${target.name}: ${value.toPrecision(4)} ${row.unit}${cpu}`)
  } catch (error) {
    plan.say(
      `${row.id} tls ${tls} round ${round + 1} ${target.name}: failed: ${(error as Error).message}\n${instance.said?.() ?? ''}`,
    )
  }
}

const turned = <T>(items: readonly T[], by: number): readonly T[] => {
  const start = by % Math.max(1, items.length)
  return [...items.slice(start), ...items.slice(0, start)]
}

const measureThroughput = async (upstream: Upstream, plan: Plan): Promise<readonly RowResult[]> => {
  const rows = plan.rows.filter(({ kind }) => kind === 'throughput')
  const gathered = plan.tls.flatMap((tls) =>
    rows
      .filter((row) => row.tls.includes(tls))
      .map((row): Gathered => ({ row, tls, samples: [], rounds: plan.rounds })),
  )
  if (gathered.length === 0) return []
  const instances = new Map<string, Instance>()
  const peaks = new Map<string, number>()
  try {
    for (const tls of plan.tls) {
      for (const target of plan.targets) instances.set(`${target.name} ${tls}`, await target.start(upstream, tls))
    }
    for (const [name, instance] of instances) {
      plan.say(`warming up: ${name}`)
      await warmUp(instance)
    }
    for (let round = 0; round < plan.rounds; round++) {
      for (const part of gathered) {
        if (plan.fillCache) fillFileCache(upstream.dir)
        for (const target of turned(plan.targets, round)) {
          const instance = instances.get(`${target.name} ${part.tls}`)
          if (instance !== undefined) await sample(part, target, instance, round, plan)
        }
      }
    }
    for (const [key, { pids }] of instances) if (pids.length > 0) peaks.set(key, sum(pids, peakResidentBytes))
  } finally {
    for (const instance of instances.values()) await instance.stop()
  }
  return gathered.map((part) => summarise(part, plan, peaks))
}

const measureMemory = async (upstream: Upstream, plan: Plan): Promise<readonly RowResult[]> => {
  const results: RowResult[] = []
  const targets = plan.targets.filter(({ name }) => name !== 'direct')
  for (const row of plan.rows.filter(({ kind }) => kind === 'memory')) {
    for (const tls of row.tls.filter((setting) => plan.tls.includes(setting))) {
      const part: Gathered = { row, tls, samples: [], rounds: 1 }
      for (const target of targets) {
        const instance = await target.start(upstream, tls)
        try {
          await sample(part, target, instance, 0, plan)
        } finally {
          await instance.stop()
        }
      }
      results.push(summarise(part, { ...plan, seconds: 0 }, new Map()))
    }
  }
  return results
}

export const measure = async (upstream: Upstream, plan: Plan): Promise<readonly RowResult[]> => [
  ...(await measureThroughput(upstream, plan)),
  ...(await measureMemory(upstream, plan)),
]
