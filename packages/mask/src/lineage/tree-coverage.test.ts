// Every field of a tree in which something can stand is read, or is listed here with the reason why it need not be.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { NODE_FIELDS, RANGE_TABLE_ENTRY } from '../tree/node-fields.ts'
import { EXPRESSIONS } from './expressions.ts'

const NOT_READ: Readonly<Record<string, string>> = {
  'QUERY.rteperminfos': 'rights, which PostgreSQL checks',
  'QUERY.groupingSets': 'refers to what groupClause has',
  'QUERY.rowMarks': 'locks rows, whichever they are',
  'JOINEXPR.alias': 'a name',
  'JOINEXPR.join_using_alias': 'a name',
  'RANGETBLENTRY.join_using_alias': 'a name',
  'TABLEFUNC.plan': 'paths of JSON_TABLE: constants',
  'COMMONTABLEEXPR.search_clause': 'the rewriter has put it into the query',
  'COMMONTABLEEXPR.cycle_clause': 'the rewriter has put it into the query',
  'CTECYCLECLAUSE.cycle_mark_value': 'the rewriter has put it into the query',
  'CTECYCLECLAUSE.cycle_mark_default': 'the rewriter has put it into the query',
  'ONCONFLICTEXPR.exclRelTlist': 'all columns, whether or not they are used',
  'GROUPINGFUNC.args': 'columns of GROUP BY, whose values it does not look at',
  'JSONRETURNING.format': 'names an encoding',
  'JSONVALUEEXPR.format': 'names an encoding',
  'JSONCONSTRUCTOREXPR.returning': 'names a type',
  'JSONISPREDICATE.format': 'names an encoding',
  'JSONEXPR.format': 'names an encoding',
  'JSONEXPR.returning': 'names a type',
  'JSONTABLEPATH.value': 'of TABLEFUNC.plan',
  'JSONTABLEPATHSCAN.path': 'of TABLEFUNC.plan',
  'JSONTABLEPATHSCAN.child': 'of TABLEFUNC.plan',
  'JSONTABLESIBLINGJOIN.lplan': 'of TABLEFUNC.plan',
  'JSONTABLESIBLINGJOIN.rplan': 'of TABLEFUNC.plan',
}

/** Nodes that are parts of others, and are read with them. */
const PARTS = `QUERY RTEPERMISSIONINFO ALIAS RANGETBLREF JOINEXPR FROMEXPR RANGETBLFUNCTION TABLESAMPLECLAUSE TABLEFUNC
  COMMONTABLEEXPR CTESEARCHCLAUSE CTECYCLECLAUSE SETOPERATIONSTMT TARGETENTRY SORTGROUPCLAUSE GROUPINGSET WINDOWCLAUSE
  ROWMARKCLAUSE WITHCHECKOPTION ONCONFLICTEXPR MERGEACTION CASEWHEN JSONRETURNING JSONTABLEPATH JSONTABLEPATHSCAN
  JSONTABLESIBLINGJOIN`.split(/\s+/)

const folder = dirname(fileURLToPath(import.meta.url))
const code = readdirSync(folder)
  .filter((name) => name.endsWith('.ts') && !/\.(test|fixture)\.ts$/.test(name))
  .map((name) => readFileSync(join(folder, name), 'utf8'))
  .join('\n')

const childFields = (node: string, text: string): readonly (readonly [string, string])[] =>
  [...text.matchAll(/(\w+):nodes?(?=[@\s]|$)/g)].map(([, field = '']) => [node, field] as const)

const fields = [
  ...Object.entries(NODE_FIELDS).flatMap(([node, text]) => childFields(node, text)),
  ...[RANGE_TABLE_ENTRY.head, ...Object.values(RANGE_TABLE_ENTRY.kinds), RANGE_TABLE_ENTRY.tail].flatMap((text) =>
    childFields('RANGETBLENTRY', text),
  ),
]

test.each(fields)('%s.%s is read', (node, field) => {
  const isNamed = code.includes(`'${field}'`) || code.includes(`{ of: '${field}' }`)
  expect(isNamed || `${node}.${field}` in NOT_READ, `${node}.${field}`).toBe(true)
})

test('every kind of node is an expression with a rule or a part of another node', () => {
  expect(Object.keys(NODE_FIELDS).filter((node) => !(node in EXPRESSIONS) && !PARTS.includes(node))).toEqual([])
})

test('nothing is excused that is not there', () => {
  const known = new Set(fields.map(([node, field]) => `${node}.${field}`))
  expect(Object.keys(NOT_READ).filter((field) => !known.has(field))).toEqual([])
})
