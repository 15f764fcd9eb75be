/** `sluice approve CODE` and `sluice deny CODE`: shows what it is about, votes on exactly that, and says what came of it. */
import { showApprovalCode } from '@sluice/policy'
import { type Approval, digestOf, readApproval, readVoteAnswer, type VoteAnswer } from '../approvals/approval.ts'
import { outcomeOf, stateOf, whoAsks } from '../approvals/approval-words.ts'
import type { ConsoleClient, Vote } from '../console/client.ts'
import { CliFailure, EXIT_CODES } from '../failure.ts'
import { escapeControls } from '../terminal/escape.ts'
import type { Output } from '../terminal/output.ts'
import { wrapTo } from '../terminal/width.ts'
import { wholeCode } from './approvals.ts'
import { type AskingFlags, clientFor, type VerbContext } from './context.ts'

export type VoteFlags = AskingFlags & { readonly reason?: string }

/** How long to wait for the statement to run once it may. */
const OUTCOME_MS = 10_000
const MS_PER_S = 1_000

export async function runVote(
  vote: Vote['vote'],
  typed: string,
  flags: VoteFlags,
  context: VerbContext,
): Promise<void> {
  const code = wholeCode(typed)
  const client = await clientFor(context, flags, 'owner')
  const { output } = context
  const approval = readApproval(await client.approval(code))
  // The digest holds the code, so that the vote is on what waits under the one that was typed, whatever the console says.
  if (approval.requested.code !== code) {
    throw new CliFailure(
      `the console answered another command than the one that waits under ${showApprovalCode(code)}, so no vote was given; tell an admin`,
    )
  }
  if (approval.state !== 'open') {
    throw new CliFailure(
      `${showApprovalCode(code)} waits no more; it was ${stateOf(approval, Date.now())}`,
      EXIT_CODES.conflict,
    )
  }
  if (flags.json !== true) printSubject(output, approval)
  const votedMs = performance.now()
  const answer = readVoteAnswer(
    await client.vote(code, {
      vote,
      ...(flags.reason === undefined ? {} : { reason: flags.reason }),
      shownDigest: digestOf(approval).toString('base64url'),
    }),
  )
  const after = await settled(client, code, answer, votedMs)
  if (flags.json === true) return output.json({ result: answer.result, approval: after })
  output.line(outcomeLine(answer.result, after, (performance.now() - votedMs) / MS_PER_S))
}

/** What it does before anything else, and who wants it. */
function printSubject(output: Output, { requested }: Approval): void {
  const { style, columns } = output
  const head = `${requested.summary} on ${requested.connection}, asked by ${whoAsks(requested)}`
  const plain = (line: string): string => line
  for (const [text, paint] of [
    [head, style.bold],
    [requested.command, plain],
    ...requested.parameters.map((value, index) => [`$${index + 1} = ${value}`, plain] as const),
  ] as const) {
    const safe = escapeControls(text)
    for (const line of columns === null ? [safe] : wrapTo(safe, columns)) output.line(paint(line))
  }
}

/** Once it was decided: until it has ended, or the patience is over. */
async function settled(
  client: ConsoleClient,
  code: string,
  { result, approval }: VoteAnswer,
  sinceMs: number,
): Promise<Approval> {
  let latest: Approval = approval
  const unsettled = (): boolean => latest.state === 'approved' || latest.state === 'open'
  while (result !== 'counted' && unsettled()) {
    const waitMs = Math.round(OUTCOME_MS - (performance.now() - sinceMs))
    if (waitMs <= 0) break
    latest = readApproval(await client.approval(code, { since: latest.revision, waitMs }))
  }
  return latest
}

/** @param seconds from the vote until now, on this machine's clock */
export function outcomeLine(result: VoteAnswer['result'], approval: Approval, seconds: number): string {
  switch (result) {
    case 'approved':
      return escapeControls(approved(approval, seconds))
    case 'denied':
      return 'Denied. Whoever asked is told so, with your reason.'
    case 'counted':
      return escapeControls(counted(approval))
    default:
      return result satisfies never
  }
}

function counted(approval: Approval): string {
  if (approval.state !== 'open') return `Your vote is counted, and it was ${stateOf(approval, Date.now())}.`
  return approval.waitingFor === null
    ? 'Your vote is counted; it still waits for others.'
    : `Your vote is counted; it still waits for ${approval.waitingFor}.`
}

function approved(approval: Approval, seconds: number): string {
  switch (approval.state) {
    case 'executed':
      return `Approved. ${ran(approval, seconds)}`
    case 'approved':
    case 'open':
      return `Approved. It has not run yet; what becomes of it: sluice approvals ${showApprovalCode(approval.code)}`
    case 'denied':
    case 'expired':
    case 'withdrawn':
      return `Approved, but it was ${stateOf(approval, Date.now())}. Nothing ran.`
    default:
      return approval.state satisfies never
  }
}

function ran(approval: Approval, seconds: number): string {
  const later = `${Math.max(0.1, seconds).toFixed(1)} s later`
  return approval.executed?.status === 'ok'
    ? `The statement ran ${later}: ${outcomeOf(approval)}.`
    : `The statement ran ${later} and did not succeed: ${outcomeOf(approval)}.`
}
