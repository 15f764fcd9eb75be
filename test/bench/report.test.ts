import { describe, expect, it } from 'vitest'
import { type Described, markdown, merge, type Recorded } from './report.ts'
import { spread } from './statistics.ts'

const row: Described = { id: 'rows', title: 'many rows', unit: 'rows/s', bound: { of: 'ratioToDirect', atLeast: 0.75 } }

const record = (id: string, date: string, ratio: number): Recorded => ({
  row: id,
  tls: 'on',
  rounds: 3,
  seconds: 5,
  date,
  command: 'npm run bench --',
  machine: ['two cores'],
  targets: [
    {
      name: 'sluice',
      title: 'Sluice',
      value: spread([1, 2, 3]),
      ratioToDirect: spread([ratio]),
      ratioToPgbouncer: null,
      cpuMicros: null,
      cpuToPgbouncer: null,
      peakBytes: null,
    },
  ],
})

describe('report', () => {
  it('says whether a bound is reached', () => {
    const bounds = (ratio: number): string => markdown([record('rows', '2026-01-01', ratio)], [row])
    expect(bounds(0.8)).toContain('| many rows | on | ≥ 0.75 of direct | 0.80 | reached |')
    expect(bounds(0.7)).toContain('| many rows | on | ≥ 0.75 of direct | 0.70 | **missed** |')
    expect(markdown([], [row])).toContain('| many rows | – | ≥ 0.75 of direct | – | not measured |')
  })

  it('lists the figures of Sluice alone, and compares them with before', () => {
    const held: Described = {
      id: 'held',
      title: 'reads',
      unit: 'ms',
      bound: { of: 'ratioToBefore', atMost: 1.1 },
      figures: true,
    }
    const [target] = record('held', '2026-01-01', 1).targets
    if (target === undefined) throw new Error('no target')
    const targets = (ratioToBefore: number) => [
      { ...target, title: 'p99 then', ratioToBefore: spread([ratioToBefore]) },
      { ...target, name: 'part before', title: 'p99 before' },
    ]
    const report = (ratioToBefore: number): string =>
      markdown([{ ...record('held', '2026-01-01', 1), tls: null, targets: targets(ratioToBefore) }], [held])
    expect(report(1.04)).toContain('| reads | – | ≤ 1.1 of before | 1.04 | reached |')
    expect(report(1.2)).toContain('| reads | – | ≤ 1.1 of before | 1.20 | **missed** |')
    expect(report(1.2)).toContain(
      '| figure | ms | ratio to before |\n| --- | --- | --- |\n' +
        '| p99 then | 2.00 (1.00–3.00) | 1.20 |\n| p99 before | 2.00 (1.00–3.00) | – |',
    )
  })

  it('replaces the rows that were measured again, and drops those that are no more', () => {
    const old = [record('rows', '2026-01-01', 0.5), record('gone', '2026-01-01', 0.5)]
    const merged = merge(old, [record('rows', '2026-02-02', 0.9)], [row])
    expect(merged.map(({ row: id, date }) => `${id} ${date}`)).toEqual(['rows 2026-02-02'])
  })
})
