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

  it('replaces the rows that were measured again, and drops those that are no more', () => {
    const old = [record('rows', '2026-01-01', 0.5), record('gone', '2026-01-01', 0.5)]
    const merged = merge(old, [record('rows', '2026-02-02', 0.9)], [row])
    expect(merged.map(({ row: id, date }) => `${id} ${date}`)).toEqual(['rows 2026-02-02'])
  })
})
