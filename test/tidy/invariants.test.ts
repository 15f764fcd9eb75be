// docs/invariants.md: each invariant names tests, and each named test exists.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT, read } from './sources.ts'

const DOCUMENT = 'docs/invariants.md'
const MIN_INVARIANTS = 5
/** `path/to/x.test.ts` "a title", "another title" */
const NAMED_TESTS = /`([\w./-]+\.test\.ts)`((?:,?\s*"[^"]+")*)/g
const TITLE = /"([^"]+)"/g
const ROW = /^\|\s*(\d+)\s*\|/

const rows = (existsSync(join(ROOT, DOCUMENT)) ? read(DOCUMENT) : '').split('\n').filter((line) => ROW.test(line))

const testsOf = (row: string) =>
  [...row.matchAll(NAMED_TESTS)].map(([, file = '', titles = '']) => ({
    file,
    titles: [...titles.matchAll(TITLE)].map(([, title = '']) => title),
  }))

describe('invariants', () => {
  it('are written down, each with a test by its title', () => {
    expect(rows.length).toBeGreaterThanOrEqual(MIN_INVARIANTS)
    expect(rows.filter((row) => testsOf(row).every(({ titles }) => titles.length === 0))).toEqual([])
  })

  it('name tests that exist', () => {
    const missing = rows.flatMap(testsOf).flatMap(({ file, titles }) => {
      if (!existsSync(join(ROOT, file))) return [file]
      const code = read(file)
      return titles.filter((title) => !code.includes(title)).map((title) => `${file}: ${title}`)
    })
    expect(missing).toEqual([])
  })
})
