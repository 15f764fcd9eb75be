/** `sluice approvals`: what waits for a person, or one of them in full. */
import { parseApprovalCode } from '@sluice/policy'
import { readApproval, readApprovals } from '../approvals/approval.ts'
import { printApproval } from '../approvals/approval-details.ts'
import { printApprovals } from '../approvals/approval-table.ts'
import { watchApprovals } from '../approvals/watch-approvals.ts'
import type { ConsoleClient } from '../console/client.ts'
import { CliFailure, EXIT_CODES } from '../failure.ts'
import { stopSignal } from '../up/stop-signal.ts'
import { type AskingFlags, clientFor, type VerbContext } from './context.ts'

export type ApprovalsFlags = AskingFlags & { readonly all?: true; readonly watch?: true }

/** How long the console may wait for news before it answers; below the time that a request has. */
const NEWS_MS = 20_000

export async function runApprovals(
  typed: string | undefined,
  flags: ApprovalsFlags,
  context: VerbContext,
): Promise<void> {
  const { output } = context
  if (typed !== undefined) return showOne(typed, flags, context)
  if (flags.watch === true) return watch(flags, context)
  const client = await clientFor(context, flags, 'owner')
  const answer = await client.approvals(flags.all === true ? 'all' : 'open')
  if (flags.json === true) return output.json(answer)
  const { approvals } = readApprovals(answer)
  if (approvals.length === 0) {
    const open = 'nothing waits for approval; what has ended: sluice approvals --all'
    return output.line(flags.all === true ? 'nothing was held lately' : open)
  }
  printApprovals(output, approvals, Date.now())
  output.line(output.style.dim('one in full: sluice approvals CODE'))
}

async function showOne(typed: string, flags: ApprovalsFlags, context: VerbContext): Promise<void> {
  if (flags.watch === true || flags.all === true) {
    throw new CliFailure('--watch and --all are for the list; leave the code out, or leave them out', EXIT_CODES.usage)
  }
  const code = wholeCode(typed)
  const answer = await (await clientFor(context, flags, 'owner')).approval(code)
  if (flags.json === true) return context.output.json(answer)
  printApproval(context.output, readApproval(answer), Date.now())
}

/** @throws CliFailure: an act never takes part of a code */
export function wholeCode(typed: string): string {
  const code = parseApprovalCode(typed)
  if (code !== null) return code
  throw new CliFailure(
    `${typed} is no approval code: it has eight letters and digits, such as K7QM-2XPD, and is never shortened; copy it from: sluice approvals`,
    EXIT_CODES.usage,
  )
}

async function watch(flags: ApprovalsFlags, context: VerbContext): Promise<void> {
  const { output } = context
  const stopped = new AbortController()
  void stopSignal().then(() => stopped.abort())
  let client = await clientFor(context, flags, 'owner')
  await watchApprovals({
    output,
    json: flags.json === true,
    stop: AbortSignal.any([stopped.signal, output.gone]),
    nowMs: Date.now,
    fetch: async (since, signal) => {
      const ask = (by: ConsoleClient) =>
        by.approvals('all', { ...(since === null ? {} : { since }), waitMs: since === null ? 0 : NEWS_MS, signal })
      try {
        return readApprovals(await ask(client))
      } catch (error) {
        if (!(error instanceof CliFailure) || error.exitCode !== EXIT_CODES.unauthenticated) throw error
        // A token lasts for minutes and a watch for hours: a new one, where the demo gives one.
        client = await clientFor(context, flags, 'owner')
        return readApprovals(await ask(client))
      }
    },
  })
}
