import { describe, expect, it } from 'vitest'
import { cardOf, rowsSql, SIDES, ssnOf } from './non-interference-values.ts'
import { randomQuery, rendered, WAYS } from './random-query.ts'

const QUERIES = Array.from({ length: 4000 }, (_, index) => randomQuery(7, index))

describe('random queries', () => {
  it('are the same for the same seed, and others for another', () => {
    for (const index of [0, 1, 99]) expect(randomQuery(7, index)).toEqual(QUERIES[index])
    expect(new Set(QUERIES.map(({ template }) => template)).size).toBeGreaterThan(QUERIES.length * 0.9)
    const others = QUERIES.map((_query, index) => randomQuery(8, index).template)
    expect(QUERIES.filter(({ template }, index) => others[index] === template).length).toBeLessThan(20)
  })

  it('are sent in every way, and have every part that a query can have', () => {
    expect(new Set(QUERIES.map(({ way }) => way))).toEqual(new Set(WAYS))
    const parts = [
      'left join|right join|full join|cross join|lateral|exists| in (select|with |recursive|union all|union|intersect',
      'except|group by|rollup|cube|grouping sets|having|over (|order by|limit|distinct|case when|::int|filter (where',
      'within group|for update|values|insert into|on conflict|update |delete from|merge into|returning|tablesample|⟦|copy ',
    ].flatMap((line) => line.split('|'))
    expect(parts.filter((part) => !QUERIES.some(({ template }) => template.includes(part)))).toEqual([])
    const writes = QUERIES.filter(({ writes: written }) => written).length
    expect(writes / QUERIES.length).toBeGreaterThan(0.1)
  })

  it('have the constants of the database that they are for', () => {
    expect(rendered('ssn in (⟦1⟧, ⟦12⟧)', (index) => `v${index}`)).toBe("ssn in ('v1', 'v12')")
  })
})

describe('the values of two databases', () => {
  it('are replaced one to one', () => {
    for (const of of [ssnOf, cardOf]) {
      for (const side of SIDES) {
        const values = Array.from({ length: 30 }, (_, index) => of(side, index))
        expect(new Set(values).size).toBe(30)
        expect(new Set(values.map((value) => value.length)).size).toBe(1)
      }
      const [left, right] = [of('left', 3), of('right', 3)]
      expect(left).not.toBe(right)
    }
    const order = (side: 'left' | 'right'): readonly number[] => {
      const values = Array.from({ length: 30 }, (_, index) => ssnOf(side, index))
      return values.toSorted().map((value) => values.indexOf(value))
    }
    expect(order('left')).not.toEqual(order('right'))
  })

  it('stand in rows of the same number', () => {
    const [left, right] = [rowsSql('left'), rowsSql('right')]
    expect(left.split('\n').length).toBe(right.split('\n').length)
    expect(left).not.toBe(right)
  })
})
