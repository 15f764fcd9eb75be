import { describe, expect, it } from 'vitest'
import { cString, message } from '../wire/encode.ts'
import { SERVER } from '../wire/message-types.ts'
import { AnalysisSlot } from './analysis-slot.ts'
import { readServerReport } from './server-report.ts'

const TREE = {
  S: 'LOG',
  V: 'LOG',
  C: '00000',
  M: 'rewritten parse tree:',
  D: '({QUERY})',
  F: 'print.c',
  R: 'elog_node_display',
}

function report(fields: Readonly<Record<string, string>>): Buffer {
  const parts = Object.entries(fields).flatMap(([type, value]) => [Buffer.from(type), cString(value)])
  return message(SERVER.notice, ...parts, Buffer.from([0]))
}

describe('readServerReport', () => {
  it('knows a tree that the server itself printed', () => {
    expect(readServerReport(report(TREE))).toEqual({ kind: 'tree', dump: '({QUERY})' })
  })

  it.each([
    ['another severity', { V: 'NOTICE' }],
    ['another file', { F: 'pl_exec.c' }],
    ['another routine', { R: 'exec_stmt_raise' }],
    ['another message', { M: 'parse tree:' }],
    ['a context', { W: 'PL/pgSQL function f() line 1 at RAISE' }],
  ])('takes no tree with %s for one', (_what, given) => {
    expect(readServerReport(report({ ...TREE, ...given })).kind).not.toBe('tree')
  })

  it('goes by the severity that is not translated', () => {
    expect(readServerReport(report({ S: 'LOG', V: 'WARNING', M: 'x' }))).toMatchObject({
      kind: 'notice',
      severity: 'WARNING',
    })
    expect(readServerReport(report({ S: 'NOTICE', V: 'DEBUG1', M: 'x' }))).toEqual({ kind: 'log', nested: false })
    // A server that names none is too old to be read.
    expect(readServerReport(report({ S: 'NOTICE', M: 'x' })).kind).toBe('log')
  })
})

describe('AnalysisSlot', () => {
  const outcomeOf = (...reports: Readonly<Record<string, string>>[]) => {
    const slot = new AnalysisSlot()
    for (const each of reports) slot.reported(readServerReport(report(each)))
    slot.completed()
    return slot.outcome
  }

  it('wants exactly one tree, and nothing from code that ran meanwhile', async () => {
    expect(await outcomeOf(TREE)).toEqual({ kind: 'tree', dump: '({QUERY})' })
    expect(await outcomeOf({ V: 'NOTICE', M: 'identifier is cut' }, TREE)).toMatchObject({ kind: 'tree' })
    expect(await outcomeOf()).toMatchObject({ kind: 'strange' })
    expect(await outcomeOf(TREE, TREE)).toMatchObject({ kind: 'strange' })
    expect(await outcomeOf(TREE, { V: 'LOG', M: 'duration: 1 ms' })).toMatchObject({ kind: 'strange' })
    expect(await outcomeOf({ V: 'NOTICE', M: 'x', W: 'PL/pgSQL function f()' }, TREE)).toMatchObject({
      kind: 'strange',
    })
  })
})
