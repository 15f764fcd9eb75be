/** One held command with everything that a reviewer needs: the act first, then who, where, why and what follows from it. */
import { showApprovalCode } from '@sluice/policy'
import { escapeControls } from '../terminal/escape.ts'
import type { Output } from '../terminal/output.ts'
import { padTo, widthOf, wrapTo } from '../terminal/width.ts'
import type { Approval, ShownRequest } from './approval.ts'
import { countOf, stateOf, touchedInFull } from './approval-words.ts'

const NAME_COLUMNS = 13
const MARGIN = '  '
const MIN_VALUE_COLUMNS = 20

/** A name, and what is to be said under it: one paragraph each. */
type Field = readonly [name: string, paragraphs: readonly string[]]

export function printApproval(output: Output, approval: Approval, nowMs: number): void {
  const { style } = output
  const code = showApprovalCode(approval.code)
  output.line(`${style.bold(code)}  ${escapeControls(stateOf(approval, nowMs))}`)
  for (const [name, paragraphs] of fieldsOf(approval)) printField(output, name, paragraphs)
  if (approval.state !== 'open') return
  output.line()
  if (!approval.mayReview) return output.line(style.dim('It is for others to decide: you are not among the reviewers.'))
  output.line(`Approve:  sluice approve ${code} --reason "…"`)
  output.line(`Deny:     sluice deny ${code} --reason "…"`)
}

function fieldsOf({ requested, votes, waitingFor }: Approval): readonly Field[] {
  return [
    ['what', [requested.summary]],
    ['command', [requested.command, ...removed(requested)]],
    ['parameters', requested.parameters.map((value, index) => `$${index + 1} = ${value}`)],
    ['touches', touched(requested)],
    ['connection', [`${requested.connection} (${requested.protocol})`]],
    ['who', [whoInFull(requested), `identity ${requested.subject.id} of ${requested.subject.issuer}`]],
    ['via', [viaOf(requested)]],
    ['purpose', [requested.purpose ?? 'none was given']],
    ['trace', requested.trace === null ? [] : [`${requested.trace}, as the client says`]],
    ['transaction', [transactionOf(requested)]],
    ['why asked', whyAsked(requested)],
    ['votes', votes.map(({ person, reason }) => (reason === null ? person : `${person}: ${reason}`))],
    ['waits for', waitingFor === null ? [] : [waitingFor]],
    ['event', [`${requested.eventId} in session ${requested.sessionId}`]],
  ]
}

function printField(output: Output, name: string, paragraphs: readonly string[]): void {
  const { columns, style } = output
  const room = columns === null ? null : Math.max(MIN_VALUE_COLUMNS, columns - widthOf(MARGIN) - NAME_COLUMNS)
  const lines = paragraphs.flatMap((paragraph) => {
    const safe = escapeControls(paragraph)
    return room === null ? [safe] : wrapTo(safe, room)
  })
  for (const [index, line] of lines.entries()) {
    output.line(`${MARGIN}${style.dim(padTo(index === 0 ? name : '', NAME_COLUMNS))}${line}`)
  }
}

function removed({ commentsRemoved }: ShownRequest): readonly string[] {
  return commentsRemoved === 0 ? [] : [`(${countOf(commentsRemoved, 'comment')} removed)`]
}

function touched(requested: ShownRequest): readonly string[] {
  const { estimatedRows } = requested
  const rows = estimatedRows === null ? 'how many rows is not known' : `about ${countOf(estimatedRows, 'row')}`
  return [...touchedInFull(requested), rows]
}

function whoInFull({ subject }: ShownRequest): string {
  const groups = subject.groups.length === 0 ? 'in no group' : `in ${subject.groups.join(', ')}`
  const behalf = subject.onBehalfOf === null ? 'for nobody else' : `on behalf of ${subject.onBehalfOf}`
  return `${subject.id} (${subject.kind}, ${groups}), ${behalf}`
}

function viaOf({ application, clientAddress }: ShownRequest): string {
  const name = application ? `${application}, as the client says` : 'an application that gave no name'
  return clientAddress === null ? name : `${name}; from ${clientAddress}`
}

function transactionOf({ inTransaction }: ShownRequest): string {
  return inTransaction
    ? 'inside a transaction of the client: what it has locked stays locked until this ends'
    : 'on its own: nothing is locked while it waits'
}

function whyAsked({ policyIds, approvalRules, policyVersion }: ShownRequest): readonly string[] {
  const list = (one: string, many: string, names: readonly string[]) =>
    `${names.length === 1 ? one : many} ${names.join(', ')}`
  return [
    `${list('policy', 'policies', policyIds)} of version ${policyVersion}`,
    list('approval rule', 'approval rules', approvalRules),
  ]
}
