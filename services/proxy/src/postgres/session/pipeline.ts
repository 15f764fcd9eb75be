// Puts the parts of a live session together: what the client asks, what the gateway asks itself, what is answered.

import { nowMicros } from '@sluice/events'
import type { GovernedUpstream, Session } from '@sluice/session'
import type { AskingPeople } from '../hold/asking-people.ts'
import { Holds } from '../hold/hold.ts'
import { OwnWork } from '../hold/own-work.ts'
import { rebuiltReport } from '../masking/rebuilt-report.ts'
import type { SessionMasking } from '../masking/session-masking.ts'
import { Analyses } from './analyses.ts'
import { Delivery } from './delivery.ts'
import type { RequestLimits } from './handled.ts'
import { ReadingGuard } from './reading-guard.ts'
import { Replies, type ReplyEvents, type ReplyMasking } from './replies.ts'
import { ReplyQueue } from './reply-queue.ts'
import { Requests } from './requests.ts'
import type { StatementReader } from './statements.ts'
import { Submissions } from './submissions.ts'

export type PipelineParts = {
  readonly session: Session
  readonly governed: GovernedUpstream
  readonly reader: StatementReader
  readonly limits: RequestLimits
  readonly people: AskingPeople
  /** Null where the session masks nothing. */
  readonly masking: SessionMasking | null
}

export type Pipeline = {
  readonly queue: ReplyQueue
  readonly delivery: Delivery
  readonly requests: Requests
  readonly replies: Replies
  readonly holds: Holds
}

export function makePipeline(parts: PipelineParts, events: ReplyEvents & { enlist(): void }): Pipeline {
  const { session, governed, reader, limits, people, masking } = parts
  const enlist = (): void => events.enlist()
  const delivery = new Delivery(session)
  const queue = new ReplyQueue(limits.pipelinedRequests)
  const submissions = new Submissions(session, governed, queue)
  const own = new OwnWork({
    session,
    upstream: governed,
    queue,
    expect: (step, isSync) => submissions.expect({ to: isSync ? 'own-sync' : 'own', own: step }),
    enlist,
  })
  const holds = new Holds({
    ...people,
    session,
    submissions,
    own,
    delivery,
    nowMicros,
    enlist,
    epochEnded: (epoch, status) => events.ready(epoch, status, null),
  })
  const guard = new ReadingGuard(submissions, own, delivery)
  const analyses = masking === null ? null : new Analyses({ masking, submissions, own, enlist })
  const requests = new Requests({ submissions, reader, holds, guard, delivery, analyses }, limits)
  const replies = new Replies(session, queue, delivery, events, masking === null ? null : replyMasking(masking))
  return { queue, delivery, requests, replies, holds }
}

function replyMasking({ maskedRowBytes, notices }: SessionMasking): ReplyMasking {
  return { rebuild: rebuiltReport, wantsNotice: (severity) => notices.wants(severity), maskedRowBytes }
}
