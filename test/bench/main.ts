// npm run bench -- [row …] [--rounds N] [--seconds S] [--targets a,b] [--tls off,on] [--dry]
//   --profile: where the proxy spends its time under each row, instead of a comparison

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { machineFacts } from './machine.ts'
import { measure, type Plan, type RowResult } from './measure.ts'
import { profileRow } from './profile.ts'
import { markdown, merge, type Recorded } from './report.ts'
import { ROWS } from './rows.ts'
import { sluice } from './sluice-target.ts'
import { REFERENCES, type Target, type TlsSetting } from './targets.ts'
import { startUpstream } from './upstream.ts'

const REPORT = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url))
const RECORDS = fileURLToPath(new URL('../../docs/benchmarks.json', import.meta.url))

const TARGETS: readonly Target[] = [...REFERENCES, sluice]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '10' },
    targets: { type: 'string', default: TARGETS.map(({ name }) => name).join(',') },
    tls: { type: 'string', default: 'off,on' },
    profile: { type: 'boolean', default: false },
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

const main = async (): Promise<void> => {
  const rows = positionals.length === 0 ? ROWS : chosen('row', positionals, ROWS, ({ id }) => id)
  const asked = chosen('target', values.targets.split(','), TARGETS, ({ name }) => name)
  const targets = asked.filter((target) => {
    const reason = target.unavailable()
    if (reason !== null) say(`without ${target.title}: ${reason}`)
    return reason === null
  })
  const settings: readonly TlsSetting[] = ['off', 'on']
  const tls = chosen('TLS setting', values.tls.split(','), settings, String)
  const plan: Plan = { rows, targets, tls, rounds: count('rounds'), seconds: count('seconds'), say }

  const machine = machineFacts()
  const upstream = await startUpstream()
  // Ctrl-C ends the children too, for they are of the same process group; the folder is ours to remove.
  process.once('SIGINT', () => {
    const leave = (): never => process.exit(130)
    void upstream.stop().then(leave, leave)
  })
  if (values.profile) {
    try {
      const wanted = rows.flatMap((row) =>
        tls.filter((setting) => row.tls.includes(setting)).map((setting) => ({ row, setting })),
      )
      for (const { row, setting } of wanted) console.log(await profileRow(upstream, row, setting, plan.seconds), '\n')
    } finally {
      await upstream.stop()
    }
    return
  }
  let results: readonly RowResult[]
  try {
    results = await measure(upstream, plan)
  } finally {
    await upstream.stop()
  }

  const date = new Date().toISOString().slice(0, 10)
  const command = ['npm run bench --', ...process.argv.slice(2)].join(' ')
  const fresh = results.map((result): Recorded => ({ ...result, date, command, machine }))
  const old = existsSync(RECORDS) ? (JSON.parse(readFileSync(RECORDS, 'utf8')) as Recorded[]) : []
  console.log(markdown(fresh, rows))
  if (values.dry) return
  const records = merge(old, fresh, ROWS)
  writeFileSync(RECORDS, `${JSON.stringify(records, null, 1)}\n`)
  writeFileSync(REPORT, markdown(records, ROWS))
  say('written: docs/benchmarks.md, docs/benchmarks.json')
}

await main()
