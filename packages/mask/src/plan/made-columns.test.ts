import { describe, expect, it } from 'vitest'
import { catalogOf, column, relation } from './catalog.fixture.ts'
import { madeColumns } from './made-columns.ts'

const T = 20_001
const V = 20_002
const M = 20_003
const P = 20_004
const C = 20_005

describe('columns that hold what was computed', () => {
  const made = madeColumns(
    catalogOf([
      relation(T, 't', ['id:int8', 'ssn', column(3, 'initial', { generatedFrom: [2] })]),
      relation(C, 'c', [column(1, 'initial', { generatedFrom: [2] }), 'ssn'], { parents: [P] }),
      relation(P, 'p', ['ssn', 'initial']),
      relation(
        V,
        'v',
        [
          column(1, 'number', { origins: [{ relid: T, attno: 2 }], bare: true }),
          column(2, 'area', { origins: [{ relid: T, attno: 2 }] }),
        ],
        { kind: 'v' },
      ),
      relation(
        M,
        'm',
        [
          column(1, 'number', { origins: [{ relid: V, attno: 1 }], bare: true }),
          column(2, 'area', { origins: [{ relid: V, attno: 2 }], bare: true }),
          column(3, 'initial', { origins: [{ relid: T, attno: 3 }], bare: true }),
          column(4, 'part', { origins: [{ relid: T, attno: 2 }] }),
          column(5, 'untraced', { origins: null }),
        ],
        { kind: 'm' },
      ),
    ]),
  )

  it.each([
    ['a column of a table', T, 2, false],
    ['a generated one', T, 3, true],
    ['one of a parent whose child generates it', P, 2, true],
    ['another one of that parent', P, 1, false],
    ['one that a view passes on', V, 1, false],
    ['one that a view computes', V, 2, true],
    ['a stored copy', M, 1, false],
    ['a stored copy of what a view computes', M, 2, true],
    ['a stored copy of a generated one', M, 3, true],
    ['stored, computed', M, 4, true],
    ['stored, not traced', M, 5, true],
  ])('%s', (_, relid, attno, expected) => {
    expect(made.has(`${relid}.${attno}`)).toBe(expected)
  })
})
