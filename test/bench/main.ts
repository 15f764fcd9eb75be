// npm run bench -- [row …] [--rounds N] [--seconds S] [--targets a,b] [--tls off,on] [--dry]
//   --fill-cache: fills the machine's file cache before each round of a row; see file-cache.ts
//   --targets and --tls say nothing to the rows about Sluice alone; see own-rows.ts
//   --profile: where the proxy spends its time under each row, instead of a comparison

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { machineFacts } from './machine.ts'
import { MASKED_ROWS } from './masked-rows.ts'
import { measure, type Plan } from './measure.ts'
import { measureOwn, OWN_ROWS } from './own-rows.ts'
import { profileRow } from './profile.ts'
import { type Described, markdown, merge, type Recorded } from './report.ts'
import { ROWS as PLAIN_ROWS } from './rows.ts'
import { sluice } from './sluice-target.ts'
import { REFERENCES, type Target, type TlsSetting } from './targets.ts'
import { startUpstream, type Upstream } from './upstream.ts'
import { measureWhole, WHOLE_ROWS } from './whole.ts'

const REPORT = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url))
const RECORDS = fileURLToPath(new URL('../../docs/benchmarks.json', import.meta.url))

const ROWS = [...PLAIN_ROWS, ...MASKED_ROWS]
const TARGETS: readonly Target[] = [...REFERENCES, sluice]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '10' },
    targets: { type: 'string', default: TARGETS.map(({ name }) => name).join(',') },
    tls: { type: 'string', default: 'off,on' },
    profile: { type: 'boolean', default: false },
    'fill-cache': { type: 'boolean', default: false },
    dry: { type: 'boolean', default: false },
  },
})

const chosen = <T>(
  what: string,
  names: readonly string[],
  all: readonly T[],
  nameOf: (item: T) => string,
): readonly T[] => {
  const known = all.map(nameOf)
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new Error(`no ${what} ${unknown.join(', ')}; there are: ${known.join(', ')}`)
  return all.filter((item) => names.includes(nameOf(item)))
}

const count = (name: 'rounds' | 'seconds'): number => {
  const value = Number(values[name])
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} takes a whole number above 0`)
  return value
}

const say = (text: string): void => console.error(text)

/** What was measured before is worth writing down. */
const leftOut = (error: Error): readonly [] => {
  say(`the demo as a whole was not measured: ${error.message}`)
  return []
}

const ENDING = ['SIGINT', 'SIGTERM'] as const

/** A signal to the process group ends the other children too; the server and its folder are ours to remove. */
const withUpstream = async <T>(work: (upstream: Upstream) => Promise<T>): Promise<T> => {
  const upstream = await startUpstream()
  const leave = (): void => {
    const exit = (): never => process.exit(130)
    void upstream.stop().then(exit, exit)
  }
  for (const signal of ENDING) process.once(signal, leave)
  try {
    return await work(upstream)
  } finally {
    for (const signal of ENDING) process.removeListener(signal, leave)
    await upstream.stop()
  }
}

const profile = async (upstream: Upstream, { rows, tls, seconds }: Plan): Promise<void> => {
  for (const row of rows) {
    for (const setting of tls.filter((each) => row.tls.includes(each))) {
      console.log(`${await profileRow(upstream, row, setting, seconds)}\n`)
    }
  }
}

const main = async (): Promise<void> => {
  const all: readonly Described[] = [...ROWS, ...OWN_ROWS, ...WHOLE_ROWS]
  const described = positionals.length === 0 ? all : chosen('row', positionals, all, ({ id }) => id)
  const rows = ROWS.filter(({ id }) => described.some((row) => row.id === id))
  const idsOf = (some: readonly Described[]): readonly string[] =>
    described.filter((row) => some.includes(row)).map(({ id }) => id)
  const [own, whole] = [idsOf(OWN_ROWS), idsOf(WHOLE_ROWS)]
  const asked = chosen('target', values.targets.split(','), TARGETS, ({ name }) => name)
  const targets = asked.filter((target) => {
    const reason = target.unavailable()
    if (reason !== null) say(`without ${target.title}: ${reason}`)
    return reason === null
  })
  const settings: readonly TlsSetting[] = ['off', 'on']
  const tls = chosen('TLS setting', values.tls.split(','), settings, String)
  const [rounds, seconds] = [count('rounds'), count('seconds')]
  const plan: Plan = { rows, targets, tls, rounds, seconds, fillCache: values['fill-cache'], say }

  const machine = machineFacts()
  if (values.profile) return withUpstream((upstream) => profile(upstream, plan))
  const measured =
    rows.length + own.length === 0
      ? []
      : await withUpstream(async (upstream) => [
          ...(await measure(upstream, plan)),
          ...(await measureOwn(own, { upstream, rounds, seconds, say })),
        ])
  const results = [...measured, ...(await measureWhole(whole, say).catch(leftOut))]

  const date = new Date().toISOString().slice(0, 10)
  const command = ['npm run bench --', ...process.argv.slice(2)].join(' ')
  const fresh = results.map((result): Recorded => ({ ...result, date, command, machine }))
  const old = existsSync(RECORDS) ? (JSON.parse(readFileSync(RECORDS, 'utf8')) as Recorded[]) : []
  console.log(markdown(fresh, described))
  if (values.dry) return
  const records = merge(old, fresh, all)
  writeFileSync(RECORDS, `${JSON.stringify(records, null, 1)}\n`)
  writeFileSync(REPORT, markdown(records, all))
  say('written: docs/benchmarks.md, docs/benchmarks.json')
}

await main()
