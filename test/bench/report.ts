// The figures as Markdown: docs/benchmarks.md. docs/benchmarks.json keeps them by row, so that a run of some rows
// replaces only those.

import type { RowResult, TargetResult } from './measure.ts'
import type { Bound, Unit } from './rows.ts'
import type { Spread } from './statistics.ts'

/** What the report says of a row beside its figures. */
export type Described = {
  readonly id: string
  readonly title: string
  readonly unit: Unit
  readonly bound: Bound | null
  /** Several figures of Sluice alone, instead of one figure of several targets. */
  readonly figures?: true
}

export type Recorded = RowResult & {
  readonly date: string
  readonly command: string
  readonly machine: readonly string[]
}

/** The target that the bounds are for. */
const OURS = 'sluice'

const number = (value: number): string => {
  if (value >= 1000) return Math.round(value).toLocaleString('en').replaceAll(',', '\u202f')
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2)
}

const show = (spread: Spread | null, format: (value: number) => string = number): string => {
  if (spread === null) return '–'
  const { median, low, high } = spread
  return low === high ? format(median) : `${format(median)} (${format(low)}–${format(high)})`
}

const ratio = (value: number): string => value.toFixed(2)
const megabytes = (bytes: number | null): string => (bytes === null ? '–' : `${Math.round(bytes / 2 ** 20)}`)

const replace = (old: readonly Recorded[], fresh: readonly Recorded[]): readonly Recorded[] => {
  const key = ({ row, tls }: RowResult): string => `${row} ${tls}`
  const renewed = new Set(fresh.map(key))
  return [...old.filter((record) => !renewed.has(key(record))), ...fresh]
}

/** Newer records take the place of older ones of the same row, and rows that are no more go. */
export const merge = (
  old: readonly Recorded[],
  fresh: readonly Recorded[],
  rows: readonly Described[],
): readonly Recorded[] => {
  const order = new Map(rows.map(({ id }, index) => [id, index]))
  const place = ({ row, tls }: Recorded): number => (order.get(row) ?? 0) * 2 + (tls === 'on' ? 1 : 0)
  return replace(old, fresh)
    .filter(({ row }) => order.has(row))
    .sort((a, b) => place(a) - place(b))
}

const boundText = ({ of, atMost, atLeast }: Bound, unit: Unit): string => {
  const what = { cpuMicros: 'µs CPU a query', ratioToDirect: 'of direct', ratioToBefore: 'of before', value: unit }[of]
  return atMost === undefined ? `≥ ${atLeast} ${what}` : `≤ ${atMost} ${what}`
}

const verdict = (bound: Bound, result: TargetResult | undefined): readonly [measured: string, reached: string] => {
  const figures = bound.of === 'value' ? result?.value : result?.[bound.of]
  if (figures === undefined || figures === null) return ['–', 'not measured']
  const { median } = figures
  const reached = median <= (bound.atMost ?? Infinity) && median >= (bound.atLeast ?? -Infinity)
  return [show(figures, bound.of.startsWith('ratio') ? ratio : number), reached ? 'reached' : '**missed**']
}

const boundsTable = (records: readonly Recorded[], rows: readonly Described[]): readonly string[] => {
  const lines = rows.flatMap((row) => {
    const { bound } = row
    if (bound === null) return []
    const measured = records.filter(({ row: id, tls }) => id === row.id && (bound.tls ?? tls) === tls)
    const settings = measured.length > 0 ? measured : [null]
    return settings.map((record) => {
      const reached = verdict(
        bound,
        record?.targets.find(({ name }) => name === OURS),
      )
      return [row.title, record?.tls ?? bound.tls ?? '–', boundText(bound, row.unit), ...reached]
    })
  })
  return table(['row', 'TLS', 'bound', 'Sluice', ''], lines)
}

const table = (head: readonly string[], lines: readonly (readonly string[])[]): readonly string[] =>
  [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`)

const comparison = (row: Described, records: readonly Recorded[]): readonly string[] => {
  const head = [
    'TLS on both hops',
    'target',
    row.unit,
    'ratio to direct',
    'ratio to pgbouncer',
    'CPU µs each',
    'CPU to pgbouncer',
    'peak MB',
  ]
  const lines = records.flatMap(({ tls, targets }) =>
    targets.map((target) => {
      const ratios = [show(target.ratioToDirect, ratio), show(target.ratioToPgbouncer, ratio)]
      const rest = [show(target.cpuMicros), show(target.cpuToPgbouncer, ratio), megabytes(target.peakBytes)]
      return [tls ?? '–', target.title, show(target.value), ...ratios, ...rest]
    }),
  )
  return table(head, lines)
}

const figures = (row: Described, records: readonly Recorded[]): readonly string[] => {
  const targets = records.flatMap((record) => record.targets)
  const compared = targets.some(({ ratioToBefore }) => ratioToBefore)
  const lines = targets.map(({ title, value, ratioToBefore = null }) => [
    title,
    show(value),
    ...(compared ? [show(ratioToBefore, ratio)] : []),
  ])
  return table(['figure', row.unit, ...(compared ? ['ratio to before'] : [])], lines)
}

const section = (row: Described, records: readonly Recorded[]): readonly string[] => {
  if (records.length === 0) return []
  const latest = records.at(-1)
  const rounds = latest === undefined || latest.rounds === 1 ? 'one measurement' : `${latest.rounds} rounds`
  const length = latest === undefined || latest.seconds === 0 ? '' : ` of ${latest.seconds} s`
  return [
    `### ${row.title}`,
    '',
    ...(row.figures === true ? figures(row, records) : comparison(row, records)),
    '',
    `${latest?.date}, \`${latest?.command}\`, ${rounds}${length}.`,
    '',
  ]
}

const INTRODUCTION = `# Benchmarks

Written by \`npm run bench\`; don't edit. Every figure is a median, with the lowest and the highest round behind it.
Ratios are taken within a round and then their median: the targets are measured in turn, so that what else the machine
does touches all alike. Client, gateway and PostgreSQL share the machine's cores. CPU is the time that all threads of
the gateway's own process spent on a processor, divided by the queries (rows, connections). Peak is the highest memory
of that process in all throughput rows of the run. With TLS on, both hops are encrypted and both certificates are
checked; the login is SCRAM-SHA-256. PostgreSQL runs without fsync and autovacuum; results come from memory. Rows by
SELECT are read by a client that only counts. Numbers of a machine that does other work meanwhile are noisy: trust a
ratio before a rate. With \`--fill-cache\` the machine's file cache is filled before each round, as it is on a server that
has been up for a while: a virtual machine whose host takes unused memory back pays for each page that is touched anew,
which a gateway that writes down what passes does all the time.

Decisions are measured with the starter policies and thirty more, without a network. Approvals go through a proxy and an
approver, processes of their own over the embedded log, with TLS on both hops; a reviewer's token is checked for each
vote. A request waits when the approver's own count of what waits says so, which is asked for again and again; times of
requests and votes are those at which the log took them, cut to whole milliseconds. An approval is used when the record
says so that stands before the command is sent. Loads of so many statements a second do not wait for answers; latencies
count from sending, and how late the load was sent is told beside them.

Rows about masking go through connections of their own to the same database, which mask by the built-in rules: e-mail
addresses are shown in part, and one in fifty of the notes that are scanned has one in it. Of two columns the other is a
name, replaced as a whole. All other rows go through a connection that masks nothing. At first sight, each statement
differs from all before it in its names, not only in its constants.

The detectors' rates are by the processor's time of one thread. Their labelled set is made by a program of ours, with hard
forms and near misses on purpose: it shows what a change does, not how often such things are met. A value counts as found
where all of it is masked.`

export const markdown = (records: readonly Recorded[], rows: readonly Described[]): string => {
  const latest = records.reduce<Recorded | null>((last, each) => (last && last.date > each.date ? last : each), null)
  return [
    INTRODUCTION,
    '',
    '## Machine of the latest run',
    '',
    ...(latest?.machine ?? []).map((fact) => `- ${fact}`),
    '',
    '## Bounds',
    '',
    ...boundsTable(records, rows),
    '',
    '## Rows',
    '',
    ...rows.flatMap((row) =>
      section(
        row,
        records.filter((record) => record.row === row.id),
      ),
    ),
  ]
    .join('\n')
    .replace(/\n+$/, '\n')
}
