import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RealLineage, realLineage } from './real-lineage.fixture.ts'
import { COMPARED_VALUES } from './statements/compared-values.fixture.ts'
import { COMPOSED_QUERIES } from './statements/composed-queries.fixture.ts'
import { EQUALITIES } from './statements/equalities.fixture.ts'
import { NEWER_SYNTAX } from './statements/newer-syntax.fixture.ts'
import { ORACLES } from './statements/oracles.fixture.ts'
import { ORDERED_ROWS } from './statements/ordered-rows.fixture.ts'
import { SHOWN_VALUES } from './statements/shown-values.fixture.ts'
import { UNKNOWN_THINGS } from './statements/unknown-things.fixture.ts'
import { WRITTEN_VALUES } from './statements/written-values.fixture.ts'
import { decisionWords, isAsExpected, statementsOf } from './tested-statements.fixture.ts'

const STATEMENTS = [
  ['shown values', SHOWN_VALUES],
  ['compared values', COMPARED_VALUES],
  ['ordered rows', ORDERED_ROWS],
  ['oracles', ORACLES],
  ['equalities', EQUALITIES],
  ['written values', WRITTEN_VALUES],
  ['unknown things', UNKNOWN_THINGS],
  ['newer syntax', NEWER_SYNTAX],
  ['composed queries', COMPOSED_QUERIES],
] as const

describe.each([13, 15, 16, 18] as const)('PostgreSQL %i', (major) => {
  let real: RealLineage
  beforeAll(async () => {
    real = await realLineage(major)
  })
  afterAll(async () => {
    await real.stop()
  })

  test('row policies are the owner’s: they are no touch, but what they call must be known', async () => {
    const read = async (sql: string): Promise<string> => {
      const { lineage, decide } = await real.read(sql)
      return decisionWords(decide(), lineage)
    }
    await real.run('set role reader')
    try {
      expect(await read('select id, ssn from policed')).toBe('clear redact(pii.ssn)')
      expect(await read("update policed set owner = 'x' where id = 1")).toBe('none')
      expect(await read("insert into policed values (1, '1', 'me')")).toBe('none')
      expect(await read("select id from policed where ssn like '1%'")).toContain('! tag_touch')
      expect(await read('select id from policed_by_function')).toContain('! lineage_unknown a function')
    } finally {
      await real.run('reset role')
    }
    expect(await read('select id from policed_by_function')).toBe('clear')
  })

  describe.each(STATEMENTS)('%s', (_name, text) => {
    const known = statementsOf(text).filter(({ from }) => from <= major)

    test.each(known)('$sql', async ({ sql, expected }) => {
      const { lineage, decide } = await real.read(sql)
      const words = decisionWords(decide(), lineage)
      expect(isAsExpected(words, expected), `${words}\n  expected: ${expected}`).toBe(true)
    })
  })
})
