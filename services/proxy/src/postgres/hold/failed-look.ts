// A look that failed inside of what the client left open, or stood behind something that had: the upstream ignores what
// comes up to Sync, so the command ends as it would have ended there.

import type { OpenRequest } from '@sluice/session'
import * as encode from '../wire/encode.ts'
import type { HoldParts } from './hold-parts.ts'
import { reportOf } from './hold-reports.ts'
import type { OwnResult } from './own-work.ts'

/** Throws AuditUnavailable. */
export function endBehindFailedLook(
  { session, delivery, submissions }: Pick<HoldParts, 'session' | 'delivery' | 'submissions'>,
  request: OpenRequest,
  look: Exclude<OwnResult, { kind: 'done' }>,
): void {
  if (look.kind === 'ignored') session.finish(request, 'skipped', null, null)
  else {
    const report = reportOf(look.fields)
    delivery.push(encode.errorResponse(report))
    session.finish(request, 'error', report.sqlState, null)
  }
  submissions.discard()
}
