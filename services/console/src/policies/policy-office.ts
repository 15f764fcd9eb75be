// The policy set in force: followed as it is published, checked and published by people who may, and the starter set
// where there is none yet. One writer: what is applied at the same time is applied one after the other.
import { AuditUnavailable, type PolicyFile, type PolicySet, type Signed, type Subject, TOPICS } from '@sluice/events'
import {
  type ApprovalRules,
  approvalRulesJson,
  CURRENT_POLICIES,
  checkPolicies,
  contentHashOf,
  mistakeLine,
  type PolicySource,
  policyVersionOf,
  publishedMasking,
  publishedSource,
} from '@sluice/policy'
import type { ControlReader, ControlWriter, VersionMemory } from '@sluice/trust'
import type { ReportIncident } from '../incidents.ts'
import { ProblemError, problem, refuse } from '../problem.ts'
import { RequestLimit } from '../request-limit.ts'
import { subjectKey } from '../route-basics.ts'

/** Requests name the set that asked; those of sets before the current one are still explained. */
export const MAX_KNOWN_RULES = 32
export const SETS_AT_ONCE = 20
export const SETS_PER_SECOND = 0.2
export const MAX_APPLYING_SUBJECTS = 1_000
const MAX_MISTAKES_TOLD = 100

export type PoliciesInForce = {
  readonly version: number
  /** Microseconds since the epoch. */
  readonly time: number
  readonly set: PolicySet
  readonly approvalRules: ApprovalRules
}

export type AppliedPolicies = { readonly version: number; readonly contentHash: string }

export type PolicyOfficeOptions = {
  readonly reader: Pick<ControlReader<typeof TOPICS.policies>, 'catchUp' | 'follow' | 'close'>
  readonly writer: Pick<ControlWriter<typeof TOPICS.policies>, 'publish' | 'close'>
  readonly memory: Pick<VersionMemory, 'highest'>
  readonly onIncident: ReportIncident
  /** Whether records of the set's key were ever not accepted: whoever read them wants a newer set than the one in force. */
  readonly isDistrusted: () => boolean
  readonly onInForce: (version: number) => void
  readonly nowMs: () => number
}

export class PolicyOffice {
  readonly #options: PolicyOfficeOptions
  readonly #rate = new RequestLimit({
    burst: SETS_AT_ONCE,
    perSecond: SETS_PER_SECOND,
    maxKeys: MAX_APPLYING_SUBJECTS,
    code: 'too_many_policy_sets',
    detail: (waitSeconds) => `policies were applied too often; wait ${waitSeconds} s`,
  })
  readonly #rulesByVersion = new Map<string, ApprovalRules>()
  readonly #handle = ({ key, content }: { readonly key: string; readonly content: Signed<PolicySet> }): void => {
    if (key === CURRENT_POLICIES) this.#take(content)
  }
  #inForce: PoliciesInForce | null = null
  #applying: Promise<unknown> = Promise.resolve()

  private constructor(options: PolicyOfficeOptions) {
    this.#options = options
  }

  /** Reads what is published, and publishes the starter set where there never was one. */
  static async open(options: PolicyOfficeOptions, starter: () => Promise<PolicySource>): Promise<PolicyOffice> {
    const office = new PolicyOffice(options)
    await options.reader.catchUp(office.#handle)
    // A set that was deleted or forged is no reason to begin anew: people have to look at that, and apply one.
    const isFirst = office.#inForce === null && options.memory.highest(TOPICS.policies, CURRENT_POLICIES) === null
    if (isFirst) await office.#publish(await starter(), CONSOLE_ITSELF)
    options.reader.follow(office.#handle)
    return office
  }

  get inForce(): PoliciesInForce | null {
    return this.#inForce
  }

  /** @param policyVersion the beginning of the content hash, as in requests; null where that set is not known here */
  rulesOf(policyVersion: string): ApprovalRules | null {
    return this.#rulesByVersion.get(policyVersion) ?? null
  }

  /** @throws ProblemError with every mistake; AuditUnavailable where it could not be published. */
  apply(source: PolicySource, subject: Subject): Promise<AppliedPolicies> {
    this.#rate.count(subjectKey(subject), this.#options.nowMs())
    const applied = this.#applying.then(() => this.#apply(source, subject))
    this.#applying = applied.catch(() => undefined)
    return applied
  }

  async close(): Promise<void> {
    await this.#applying
    await Promise.all([this.#options.reader.close(), this.#options.writer.close()])
  }

  async #apply(source: PolicySource, { issuer, id, kind, groups, onBehalfOf }: Subject): Promise<AppliedPolicies> {
    const mistakes = checkPolicies(source.files, source.approvalRules)
    const [first] = mistakes
    if (first !== undefined) {
      const more = mistakes.length === 1 ? '' : ` (and ${mistakes.length - 1} more)`
      throw new ProblemError({
        ...problem('policies_invalid', `nothing was applied: ${mistakeLine(first)}${more}`),
        members: { mistakes: mistakes.slice(0, MAX_MISTAKES_TOLD) },
      })
    }
    const contentHash = contentHashOf(source)
    const now = this.#inForce
    if (now?.set.contentHash === contentHash && !this.#options.isDistrusted()) {
      return { version: now.version, contentHash }
    }
    // Only what is recorded of a subject: what else its token says stays out.
    return this.#publish(source, { issuer, id, kind, groups, onBehalfOf })
  }

  async #publish(source: PolicySource, appliedBy: Subject): Promise<AppliedPolicies> {
    const files: readonly PolicyFile[] = source.files.map(({ name, text }) => ({ name, text }))
    const set: PolicySet = {
      contentHash: contentHashOf(source),
      files,
      approvalRules: approvalRulesJson(source.approvalRules),
      masking: publishedMasking(source),
      appliedBy,
    }
    this.#checkNothingIsLost()
    let version: number
    try {
      version = (await this.#options.writer.publish(CURRENT_POLICIES, set)).version
    } catch (cause) {
      throw new AuditUnavailable(
        'policy_log_unavailable',
        'the policies could not be published, so the set before them stays in force; try again, and look at the console’s log if that does not help',
        { cause },
      )
    }
    await this.#readBack(version)
    return { version, contentHash: set.contentHash }
  }

  /** In force is what a reader accepts, not what a writer believes: the console sees it as everyone does. */
  async #readBack(version: number): Promise<void> {
    let cause: unknown
    try {
      await this.#options.reader.catchUp(this.#handle)
      if (this.#inForce !== null && this.#inForce.version >= version) return
    } catch (error) {
      cause = error
    }
    throw new AuditUnavailable(
      'policies_unconfirmed',
      `version ${version} of the policies was written, but is not accepted when it is read back, so it may not be in force; look at the incidents in the console’s log, and at whether its key has a valid certificate`,
      { cause },
    )
  }

  /** Versions would begin anew, and nobody who remembers later ones would take up what is published. */
  #checkNothingIsLost(): void {
    const before = this.#options.memory.highest(TOPICS.policies, CURRENT_POLICIES)
    if (this.#inForce !== null || before === null) return
    throw refuse(
      'policies_lost',
      `version ${before.version} of the policies was trusted before and is not in the log any more, so nothing new is published; put the log back from a copy, or, where it was meant to begin anew, move the files in trust.dir of every service away and start them again`,
    )
  }

  #take(content: Signed<PolicySet>): void {
    const { seal, ...set } = content
    if (this.#inForce !== null && seal.version <= this.#inForce.version) return
    const approvalRules = this.#rulesOfSet(set)
    if (approvalRules !== null) this.#enforce({ version: seal.version, time: seal.time, set, approvalRules })
  }

  /** Null where the content can't be read or is not what its hash says. */
  #rulesOfSet(set: PolicySet): ApprovalRules | null {
    let detail = 'its content is not what its hash says'
    try {
      const source = publishedSource(set)
      if (source !== null) return source.approvalRules
    } catch (error) {
      detail = error instanceof Error ? error.message : 'it can not be read'
    }
    this.#options.onIncident({ code: 'policy_content', topic: TOPICS.policies, key: CURRENT_POLICIES, detail })
    return null
  }

  #enforce(policies: PoliciesInForce): void {
    const { set, approvalRules, version } = policies
    const policyVersion = policyVersionOf(set.contentHash)
    this.#rulesByVersion.delete(policyVersion)
    this.#rulesByVersion.set(policyVersion, approvalRules)
    const [oldest] = this.#rulesByVersion.keys()
    if (this.#rulesByVersion.size > MAX_KNOWN_RULES && oldest !== undefined) this.#rulesByVersion.delete(oldest)
    this.#inForce = policies
    this.#options.onInForce(version)
  }
}

/** Who applied the starter set. */
const CONSOLE_ITSELF: Subject = { issuer: 'sluice', id: 'console', kind: 'service', groups: [], onBehalfOf: null }
