/** Held commands as a table: what a reviewer needs to tell them apart, and the code that names each. */
import { showApprovalCode } from '@sluice/policy'
import type { Output } from '../terminal/output.ts'
import { type Column, printTable } from '../terminal/table.ts'
import { cutTo } from '../terminal/width.ts'
import type { Approval } from './approval.ts'
import { stateOf, timeLeft, touchedShortly, whoAsks } from './approval-words.ts'

/** On a terminal the statement has what the others leave, and narrow ones leave out what the details tell as well. */
const WHO_COLUMNS = 26
const TOUCHES_COLUMNS = 24
const WHY_COLUMNS = 20
const STATE_COLUMNS = 30
const ROOM_FOR_WHY = 110
const ROOM_FOR_TOUCHES = 84

export function printApprovals(output: Output, approvals: readonly Approval[], nowMs: number): void {
  const open = approvals.every(({ state }) => state === 'open')
  printTable(output, approvalColumns(output.columns, open, nowMs), approvals)
}

function approvalColumns(width: number | null, open: boolean, nowMs: number): readonly Column<Approval>[] {
  const cut = (text: string, columns: number) => (width === null ? text : cutTo(text, columns))
  const room = width ?? Number.POSITIVE_INFINITY
  const wide = (least: number, column: Column<Approval>) => (room >= least ? [column] : [])
  return [
    { title: 'CODE', value: ({ code }) => showApprovalCode(code) },
    { title: 'WHO', value: ({ requested }) => cut(whoAsks(requested), WHO_COLUMNS) },
    { title: 'WHAT', flexible: true, value: ({ requested }) => requested.command },
    ...wide(ROOM_FOR_TOUCHES, {
      title: 'TOUCHES',
      value: ({ requested }) => cut(touchedShortly(requested), TOUCHES_COLUMNS),
    }),
    ...wide(ROOM_FOR_WHY, {
      title: 'WHY ASKED',
      value: ({ requested }) => cut(requested.policyIds.join(', '), WHY_COLUMNS),
    }),
    open
      ? { title: 'LEFT', align: 'right', value: ({ requested }) => timeLeft(requested, nowMs) }
      : { title: 'STATE', value: (approval) => cut(stateOf(approval, nowMs), STATE_COLUMNS) },
  ]
}
