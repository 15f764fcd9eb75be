// Where PostgreSQL's own trees say that a literal stands, literals are found.

import { describe, expect, it } from 'vitest'
import { startSession } from './server.fixture.ts'
import { touchedLiterals } from './touched-literals.ts'

const TABLE = 'create table t (a int, b text, c numeric, d timestamptz, e varchar(9), f bytea, g bool, h jsonb, é text)'

/** By what stands behind `where` in a query of that table: the values of its constants that have a place. */
const CONDITIONS: Readonly<Record<string, readonly string[]>> = {
  "b = 'x'": ['x'],
  "b = E'\\x41'": ['A'],
  "b = U&'!0041' uescape '!'": ['A'],
  'b = $q$x$q$': ['x'],
  "b = 'x'::text": ['x'],
  "b = cast('x' as varchar)": ['x'],
  "b = text 'x'": ['x'],
  "b = varchar(3) 'x'": ['x'],
  "é = 'é' /* é */ and b = '🙂'": ['é', '🙂'],
  'a = -5': ['-5'],
  'a = - /* c */ ( 5 )': ['-5'],
  'a = - - 5': ['5'],
  'a = +5': ['5'],
  'c = 5': ['5'],
  'c = -2.50': ['-2.50'],
  'a = 99999999999': ['99999999999'],
  "a in (1, -2, '3')": ['1', '-2', '3'],
  "b in ('x', 'y')": ['x', 'y'],
  "b = any (array['x', 'y'])": ['x', 'y'],
  "b = any ('{x,y}')": ['{x,y}'],
  "e = 'x'": ['x'],
  "d = '2020-01-01'": ['2020-01-01'],
  "d = date '2020-01-01'": ['2020-01-01'],
  "d > now() - interval '1' day": ['1'],
  "f = '\\x41'": ['\\x41'],
  'g = true': ['true'],
  "h = '{}' and h ->> 'k' = 'v'": ['{}', 'k', 'v'],
  "(a, b) = (1, 'x')": ['1', 'x'],
  "a = (select 1 where b = 'y')": ['1', 'y'],
  "case when b = 'x' then 'y' else null end = 'z'": ['x', 'y', 'null', 'z'],
  "b between 'a' and 'c'": ['a', 'c'],
}

const CONSTANT = /\{CONST :consttype \d+.*? :location (-?\d+) :constvalue/g

describe.each([13, 14, 15, 16, 17, 18] as const)('constants in the trees of PostgreSQL %i', (major) => {
  it('are found where they stand', { timeout: 60_000 }, async () => {
    const session = await startSession(major)
    await session.query(TABLE)
    await session.query('set debug_print_rewritten = on')
    await session.query('set debug_pretty_print = off')
    await session.query('set client_min_messages = log')
    const trees: string[] = []
    // Lines are cut where a value ends.
    session.on('notice', ({ detail }) => void trees.push((detail ?? '').replaceAll('\n', ' ')))
    const found: Record<string, readonly (string | undefined)[]> = {}
    for (const [index, condition] of Object.keys(CONDITIONS).entries()) {
      const text = `select 'ü' from t where ${condition}`
      trees.length = 0
      await session.query({ name: `s${index}`, text })
      const offsets = [...(trees[0] ?? '').matchAll(CONSTANT)].map((match) => Number(match[1])).filter((at) => at > 8)
      found[condition] = touchedLiterals(text, offsets, major).map((literal) => literal?.value)
    }
    const sorted = (values: readonly (string | undefined)[]): string[] => values.map(String).sort()
    for (const [condition, values] of Object.entries(CONDITIONS)) {
      expect({ [condition]: sorted(found[condition] ?? []) }).toEqual({ [condition]: sorted(values) })
    }
  })
})
