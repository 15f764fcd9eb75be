// docs/invariants.md: each invariant names tests, and each named test exists.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT, read } from './sources.ts'

/** `path/to/x.test.ts` in backticks or as a link, with the test's title behind it in quotes where it is given. */
const NAMED_TEST = /[`(]([\w./-]+\.test\.ts)[`)](?:\s*(?:›|:|,)?\s*[“"]([^”"]+)[”"])?/g
const ROW = /^(?:\|\s*|#+\s*|)(\d+)\.?\s*[|.\s]/

const document = existsSync(join(ROOT, 'docs/invariants.md')) ? read('docs/invariants.md') : ''
const named = [...document.matchAll(NAMED_TEST)].map(([, file = '', title]) => ({
  file: file.replace(/^(?:\.\.\/|\/)+/, ''),
  title,
}))

describe('invariants', () => {
  it('are written down with their tests', () => {
    expect(named.length).toBeGreaterThan(0)
    const rows = document.split('\n').filter((line) => ROW.test(line))
    expect(rows.length).toBeGreaterThan(0)
  })

  it('name tests that exist', () => {
    const missing = named.filter(
      ({ file, title }) => !existsSync(join(ROOT, file)) || (title !== undefined && !read(file).includes(title)),
    )
    expect(missing).toEqual([])
  })
})
