// A real proxy and a real approver over one event log, in front of a real database. People vote as the console would let
// them: with a signed review that carries their sealed token; or not quite so, where a test tampers with it.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConfigInput } from '@sluice/config'
import {
  type ApprovalDecision,
  type ApprovalRequest,
  type ApprovalReview,
  type ContentOf,
  type ControlTopic,
  controlCodec,
  importSealingPublicKey,
  nowMicros,
  type Requested,
  type SealingPublicKey,
  type SigningKey,
  sealText,
  TOPICS,
  uuidBytes,
  uuidv7,
} from '@sluice/events'
import { shownDigest } from '@sluice/policy'
import { ControlWriter } from '@sluice/trust'
import { parse, stringify } from 'yaml'
import type { ProxiedDatabase } from '../stand/database.ts'
import type { TokenClaims } from '../stand/issuer.ts'
import { type ProxyOptions, type RunningProxy, reachedAt, startProxy } from '../stand/proxy.ts'
import { startService } from '../stand/service-process.ts'
import { storedRecords } from '../stand/stored-records.ts'
import { WRITES_WITH_APPROVAL } from './policies.ts'

const TOKEN_INFO = 'sluice-review-token-v1'
const WAIT_MS = 15_000
const LOOK_AGAIN_MS = 10
const LAST_KINDS: ReadonlySet<ApprovalDecision['kind']> = new Set(['approved', 'denied', 'expired', 'withdrawn'])

export type AskedRequest = ApprovalRequest & { readonly requested: Requested }

export type Reviewer = {
  readonly id: string
  /** `['data-owners']` unless said otherwise. */
  readonly groups?: readonly string[]
  readonly kind?: 'human' | 'agent' | 'service'
}

/** What is not as the console would write it. */
export type Tampering = {
  /** The token: another audience, an old login, … */
  readonly token?: TokenClaims
  /** Whose signature the review carries. */
  readonly signedBy?: SigningKey
  readonly sealedTo?: SealingPublicKey
  readonly review?: Partial<ApprovalReview>
}

export type Vote = {
  readonly code: string
  readonly as: Reviewer
  readonly vote: 'approve' | 'deny'
  readonly reason?: string
  readonly tamper?: Tampering
}

export type ApprovalStand = {
  readonly proxy: RunningProxy
  /** In the place of the one that runs, or ran: after the end that `signal` brings. */
  readonly restartApprover: (signal?: 'SIGTERM' | 'SIGKILL') => Promise<void>
  readonly stopApprover: (signal?: 'SIGTERM' | 'SIGKILL') => Promise<void>
  /** A new process of the same node, on another port; `proxy` is of no use after that, but for its log and issuer. */
  readonly restartProxy: (signal?: 'SIGTERM' | 'SIGKILL') => Promise<RunningProxy>
  readonly approverLog: () => string
  /** Of the approver's listener for health and metrics. */
  readonly approverHealthUrl: () => string
  /** Publishes the review of a request that was made before; returns its id. */
  readonly vote: (vote: Vote) => Promise<string>
  /** Everything that nodes published, in order. */
  readonly requests: () => Promise<readonly ApprovalRequest[]>
  /** What was asked, and is neither decided nor withdrawn. */
  readonly pendingRequests: () => Promise<readonly AskedRequest[]>
  /** Resolves when so many are pending. */
  readonly pending: (count: number) => Promise<readonly AskedRequest[]>
  /** Everything that the approver published, or that was put in its place; in order within a partition. */
  readonly decisions: () => Promise<readonly ApprovalDecision[]>
  /** The decision that ends it, as soon as there is one. */
  readonly decisionOn: (approvalId: string) => Promise<ApprovalDecision>
  /** What the approver answered to a review. */
  readonly answerTo: (reviewId: string) => Promise<ApprovalDecision>
  readonly stop: () => Promise<void>
}

export type ApprovalStandOptions = ProxyOptions & {
  /** People with several identities, all of the stand's issuer. */
  readonly people?: readonly { readonly name: string; readonly ids: readonly string[] }[]
}

export async function startApprovalStand(
  database: ProxiedDatabase,
  { people = [], ...options }: ApprovalStandOptions = {},
): Promise<ApprovalStand> {
  const proxy = await startProxy(database, { policies: WRITES_WITH_APPROVAL, ...options })
  const { control } = proxy
  const proxyConfig = join(proxy.dir, 'sluice.yaml')
  const approverConfig = writeApproverConfig(proxy, proxyConfig, people)
  const reviews = await ControlWriter.open({
    log: control.log,
    registry: control.registry,
    topic: TOPICS.approvalReviews,
    key: control.signing.console,
    nowMicros,
  })
  let approver = await startService('approver', approverConfig)
  let current = proxy

  const requests = () => readTopic(proxy, TOPICS.approvalRequests)
  const decisions = () => readTopic(proxy, TOPICS.decisions)
  const pendingRequests = async () => pendingOf(await requests(), await decisions())
  const askedUnder = async (code: string): Promise<AskedRequest> => {
    const found = (await requests()).filter(isAsked).findLast(({ requested }) => requested.code === code)
    if (found === undefined) throw new Error(`nothing was asked under ${code}`)
    return found
  }
  return {
    proxy,
    approverLog: () => approver.log(),
    approverHealthUrl: () => approver.addresses['health'] ?? '',
    stopApprover: (signal) => approver.stop(signal),
    restartApprover: async (signal) => {
      await approver.stop(signal)
      approver = await startService('approver', approverConfig)
    },
    restartProxy: async (signal = 'SIGTERM') => {
      await current.stopProcess(signal)
      current = { ...proxy, ...reachedAt(await startService('proxy', proxyConfig), proxy.authorityFile) }
      return current
    },
    vote: async (vote) => {
      const review = await reviewOf(proxy, await askedUnder(vote.code), vote)
      await publishReview(proxy, reviews, review, vote.tamper?.signedBy)
      return review.reviewId
    },
    requests,
    pendingRequests,
    pending: (count) => until(`${count} pending`, pendingRequests, (found) => found.length >= count),
    decisions,
    decisionOn: (approvalId) =>
      found(`a decision on ${approvalId}`, decisions, (decision) => endsIt(decision, approvalId)),
    answerTo: (reviewId) => found(`an answer to ${reviewId}`, decisions, (decision) => decision.reviewId === reviewId),
    stop: async () => {
      await Promise.all([approver.stop(), current.stopProcess()])
      await proxy.stop()
    },
  }
}

/** Beside the proxy's: the same, with a port of its own and the people. */
function writeApproverConfig(
  { dir, issuer }: RunningProxy,
  proxyConfig: string,
  people: NonNullable<ApprovalStandOptions['people']>,
): string {
  const config = parse(readFileSync(proxyConfig, 'utf8')) as ConfigInput
  const file = join(dir, 'approver.yaml')
  const named = people.map(({ name, ids }) => ({ name, identities: ids.map((id) => ({ issuer: issuer.url, id })) }))
  const health = { ...config.health, approver: '127.0.0.1:0' }
  writeFileSync(file, stringify({ ...config, health, people: named }))
  return file
}

async function reviewOf(
  { control, issuer }: RunningProxy,
  { approvalId, requested }: AskedRequest,
  { as, vote, reason = 'as discussed', tamper = {} }: Vote,
): Promise<ApprovalReview> {
  const reviewId = uuidv7()
  const { id, groups = ['data-owners'], kind = 'human' } = as
  const token = await issuer.token({ audience: 'sluice:console', subject: id, kind, groups, ...tamper.token })
  const recipient = tamper.sealedTo ?? (await importSealingPublicKey(control.approver.publicKey))
  return {
    approvalId,
    reviewId,
    vote,
    reason,
    shownDigest: shownDigest(approvalId, requested),
    token: await sealText(recipient, TOKEN_INFO, uuidBytes(reviewId), token),
    time: nowMicros(),
    ...tamper.review,
  }
}

async function publishReview(
  { control: { log, registry } }: RunningProxy,
  reviews: ControlWriter<typeof TOPICS.approvalReviews>,
  review: ApprovalReview,
  signedBy: SigningKey | undefined,
): Promise<void> {
  if (signedBy === undefined) {
    await reviews.publish(review.approvalId, review)
    return
  }
  const topic = TOPICS.approvalReviews
  const forger = await ControlWriter.open({ log, registry, topic, key: signedBy, nowMicros, everyKeyOnce: true })
  await forger.publish(review.approvalId, review)
  await forger.close()
}

export function isAsked(request: ApprovalRequest): request is AskedRequest {
  return request.kind === 'requested' && request.requested !== null
}

function endsIt({ approvalId, kind }: ApprovalDecision, wanted: string): boolean {
  return approvalId === wanted && LAST_KINDS.has(kind)
}

function pendingOf(
  requests: readonly ApprovalRequest[],
  decisions: readonly ApprovalDecision[],
): readonly AskedRequest[] {
  const over = new Set([
    ...decisions.filter(({ kind }) => LAST_KINDS.has(kind)).map(({ approvalId }) => approvalId),
    ...requests.filter(({ kind }) => kind === 'withdrawn').map(({ approvalId }) => approvalId),
  ])
  return requests.filter(isAsked).filter(({ approvalId }) => !over.has(approvalId))
}

async function readTopic<Topic extends ControlTopic>(
  { control: { log, registry } }: RunningProxy,
  topic: Topic,
): Promise<readonly ContentOf<Topic>[]> {
  const codec = await controlCodec(registry, topic)
  const all: ContentOf<Topic>[] = []
  for await (const { value } of storedRecords(log, topic)) all.push(codec.decode(value))
  return all
}

async function until<T>(what: string, look: () => Promise<T>, holds: (seen: T) => boolean): Promise<T> {
  const deadline = performance.now() + WAIT_MS
  for (;;) {
    const seen = await look()
    if (holds(seen)) return seen
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
  }
}

async function found<T>(what: string, look: () => Promise<readonly T[]>, holds: (each: T) => boolean): Promise<T> {
  const all = await until(what, look, (seen) => seen.some(holds))
  return all.find(holds) as T
}
