// The tables against real servers: everything they print for many kinds of statement is read, whole, and every node of the
// tables occurs.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { startDatabase } from '../../../../test/stand/database.ts'
import { comparable, printTree } from './fixtures/print-tree.ts'
import type { TreeValue } from './node.ts'
import { nodeShapes } from './node-shapes.ts'
import { readTree } from './read-tree.ts'
import { treeSession } from './rewritten-trees.fixture.ts'

const text = (name: string): string => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')

const STATEMENTS = text('statements.sql')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => {
    const [, since = '13', sql = ''] = /^(?:(\d\d)\+\| )?(.*)$/.exec(line) ?? []
    return { since: Number(since), sql }
  })

/** The rewriter puts defaults in place of it everywhere that a statement of ours reaches. */
const NEVER_SEEN = ['SETTODEFAULT']

function collectNodes(value: TreeValue, seen: Set<string>): void {
  if (value === null || typeof value !== 'object') return
  if ('node' in value) seen.add(value.node)
  for (const inner of Array.isArray(value) ? value : Object.values(value)) collectNodes(inner as TreeValue, seen)
}

describe.each([13, 15, 16, 18] as const)('PostgreSQL %i', (major) => {
  it('prints nothing that is not read whole', async () => {
    const database = await startDatabase(major)
    try {
      await database.query(text('setup.sql'))
      const session = await treeSession(database, 't,public')
      const seen = new Set<string>()
      const readWhole = (dumps: readonly string[], sql: string): void => {
        const [dump = '', ...more] = dumps
        const result = readTree(dump, major)
        if (result.kind !== 'queries') throw new Error(`${result.what}: ${sql}`)
        expect([sql, more, printTree(result.queries, major)]).toEqual([sql, [], comparable(dump)])
        collectNodes(result.queries, seen)
      }
      for (const role of ['none', 'reader']) {
        await session.run(`set role ${role}`)
        for (const { since, sql } of STATEMENTS) {
          // Row policies and views look different to those who don't own them.
          if (since > major || (role === 'reader' && !/secret|v_/.test(sql))) continue
          readWhole(await session.parse(sql), sql)
        }
      }
      // PostgreSQL's own views are large statements that somebody else wrote.
      const views = await database.query(`select c.oid::regclass::text as name from pg_class c
        where relkind = 'v' and relnamespace in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)`)
      expect(views.rows.length).toBeGreaterThan(100)
      await session.run('reset role')
      for (const { name } of views.rows) {
        const sql = `select * from ${name}`
        readWhole(await session.parse(sql), sql)
      }
      await session.end()
      const known = [...(nodeShapes(major)?.values() ?? [])].map((shape) => shape.name)
      expect(known.filter((name) => !seen.has(name))).toEqual(NEVER_SEEN)
    } finally {
      await database.stop()
    }
  })
})
