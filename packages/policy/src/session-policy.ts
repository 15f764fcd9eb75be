// One session's questions to one policy set. Two caches: by the access object, which costs one look-up, and by the
// facts of the decision, which all sessions of the set share.

import {
  type Asker,
  askerOf,
  connectQuestion,
  contextOf,
  minuteOf,
  revealQuestion,
  sqlQuestion,
} from './cedar-question.ts'
import { combine, type Judged, type JudgingSet, obligationsOf, reasonOf, verdictOf } from './combine-answers.ts'
import { type DecidedFacts, decidedFacts } from './decided-facts.ts'
import { denyProtocol, NO_OBLIGATIONS, type PolicyDecision } from './decision.ts'
import { cacheKey, type DecisionCache } from './decision-cache.ts'
import { connectDeniedWords, notHoldableWords, policyErrorWords, tooManyTargetsWords } from './denial-words.ts'
import type { ExplainedPolicy, ExplainedTarget, Explanation } from './explanation.ts'
import { type Answer, ask, type PolicyTexts, type Question } from './interpreter.ts'
import type { Policy } from './policy-reader.ts'
import type { PolicyConnection, PolicyContext, PolicySubject } from './policy-request.ts'
import type { StatementAccess } from './statement-access.ts'

/** A statement that asks for more is no question for policies. */
export const MAX_TARGETS = 16
/** Access objects that a session finds again at once; then it begins anew, and finds them by their facts. */
const MAX_REMEMBERED = 1_000
const TIMELESS = -1
/** What it is called when a token is turned into its value: asked by tag. No statement of SQL is called so. */
export const REVEAL = 'REVEAL'

export interface SessionPolicy {
  /** May the session open at all? Never pending. */
  connect(): PolicyDecision
  /** The same access object gets its answer from a cache: read a text once, and ask with what came of it. */
  decide(access: StatementAccess): PolicyDecision
  explain(access: StatementAccess): Explanation
  /** Those of the tags whose values may be seen unmasked; the same set as long as nothing changes. */
  reveals(tags: readonly string[]): ReadonlySet<string>
}

export type CompiledSet = JudgingSet & {
  readonly texts: PolicyTexts
  /** Whether an answer may change from one minute to the next. */
  readonly timed: boolean
}

type Facts = {
  readonly subject: PolicySubject
  readonly connection: PolicyConnection
  readonly context: PolicyContext
  readonly nowMs: () => number
}

export class CachedSessionPolicy implements SessionPolicy {
  readonly #set: CompiledSet
  readonly #decisions: DecisionCache<PolicyDecision>
  readonly #facts: Facts
  readonly #asker: Asker
  readonly #askerKey: string
  #remembered = new WeakMap<StatementAccess, PolicyDecision>()
  #rememberedCount = 0
  #rememberedMinute = TIMELESS
  #revealed: {
    readonly minute: number
    readonly tags: readonly string[]
    readonly revealed: ReadonlySet<string>
  } | null = null

  constructor(set: CompiledSet, decisions: DecisionCache<PolicyDecision>, facts: Facts) {
    const { subject, connection, context } = facts
    this.#set = set
    this.#decisions = decisions
    this.#facts = facts
    this.#asker = askerOf(subject, connection, context)
    this.#askerKey = cacheKey([this.#asker])
  }

  connect(): PolicyDecision {
    const { version: policyVersion, policies } = this.#set
    const { name } = this.#facts.connection
    const { kind, policyIds } = verdictOf(this.#ask(connectQuestion(this.#asker, this.#minute())), policies)
    const obligations = obligationsOf(policyIds, policies)
    const deny = { kind: 'deny', policyIds, policyVersion, obligations } as const
    switch (kind) {
      case 'permit':
        return { kind, policyIds, policyVersion, obligations }
      case 'pending':
        return { ...deny, ...notHoldableWords('Opening a session', 'only statements are held', name) }
      case 'forbidden':
        return { ...deny, ...connectDeniedWords(name, reasonOf(policyIds, policies) ?? '') }
      case 'failed':
        return { ...deny, ...policyErrorWords(name) }
      case 'not_permitted':
        return { ...deny, ...connectDeniedWords(name, null) }
      default:
        return kind satisfies never
    }
  }

  decide(access: StatementAccess): PolicyDecision {
    if (this.#set.timed) this.#forgetLastMinute()
    const remembered = this.#remembered.get(access)
    if (remembered !== undefined) return remembered
    const decision = this.#decideByFacts(access)
    if (this.#rememberedCount >= MAX_REMEMBERED) this.#forget()
    this.#remembered.set(access, decision)
    this.#rememberedCount++
    return decision
  }

  /** A permit for any action was not written with this one in mind: only one that names it counts. */
  reveals(tags: readonly string[]): ReadonlySet<string> {
    const minute = this.#set.timed ? this.#minute() : TIMELESS
    const known = this.#revealed
    if (known !== null && known.minute === minute && isSameList(known.tags, tags)) return known.revealed
    const revealed = new Set(tags.filter((tag) => this.#revealsTag(tag)))
    const isUnchanged = known !== null && isSameList([...revealed], [...known.revealed])
    this.#revealed = { minute, tags, revealed: isUnchanged ? known.revealed : revealed }
    return this.#revealed.revealed
  }

  #revealsTag(tag: string): boolean {
    return verdictOf(this.#askReveal(tag, this.#minute()), this.#set.policies).kind === 'permit'
  }

  #askReveal(tag: string, minute: number): Answer {
    const answer = this.#ask(revealQuestion(this.#asker, minute, tag))
    if (!answer.allowed) return answer
    const satisfied = answer.satisfied.filter((id) => isAboutOneAction(this.#set.policies.get(id)))
    return { ...answer, allowed: satisfied.length > 0, satisfied }
  }

  explain(access: StatementAccess): Explanation {
    const facts = decidedFacts(access)
    const context = contextOf(this.#asker, this.#minute(), facts)
    const answers = isAsked(access) ? this.#answers(facts, context) : []
    const { type, id } = this.#asker.principal
    return {
      decision: this.#decideByFacts(access),
      principal: entityText(type, id),
      groups: this.#facts.subject.groups,
      context: readable(context),
      targets: answers.map((each) => this.#explainTarget(each)),
    }
  }

  #minute(): number {
    return minuteOf(this.#facts.nowMs())
  }

  #forget(): void {
    this.#remembered = new WeakMap()
    this.#rememberedCount = 0
  }

  #forgetLastMinute(): void {
    const minute = this.#minute()
    if (minute === this.#rememberedMinute) return
    this.#forget()
    this.#rememberedMinute = minute
  }

  #decideByFacts(access: StatementAccess): PolicyDecision {
    const { version: policyVersion, timed } = this.#set
    const { name } = this.#facts.connection
    if (access.refusal !== null) {
      const { code, what, hint } = access.refusal
      return denyProtocol(code, `${what} is not allowed on connection ${name}`, hint)
    }
    if (!isAsked(access)) {
      const words = tooManyTargetsWords(access.targets.length, MAX_TARGETS, name)
      return { kind: 'deny', policyIds: [], policyVersion, ...words, obligations: NO_OBLIGATIONS }
    }
    const facts = decidedFacts(access)
    const minute = this.#minute()
    const key = cacheKey([this.#askerKey, timed ? minute : TIMELESS, facts])
    const known = this.#decisions.get(key)
    if (known !== undefined) return known
    const context = contextOf(this.#asker, minute, facts)
    const judged = this.#answers(facts, context).map(({ target, answer }): Judged => {
      return { target, verdict: verdictOf(answer, this.#set.policies) }
    })
    const decision = Object.freeze(combine(judged, facts, this.#set, name))
    this.#decisions.set(key, decision)
    return decision
  }

  #answers(facts: DecidedFacts, context: Question['context']) {
    if (facts.kinds.includes(REVEAL)) {
      const [target] = facts.targets
      if (target === undefined) return []
      return facts.touches.map(({ tag }) => ({ target, answer: this.#askReveal(tag ?? '', this.#minute()) }))
    }
    return facts.targets.map((target) => ({
      target,
      answer: this.#ask(sqlQuestion(this.#asker, target, context)),
    }))
  }

  #ask(question: Question): Answer {
    return ask(this.#set.texts, question)
  }

  #explainTarget({ target, answer }: { target: Judged['target']; answer: Answer }): ExplainedTarget {
    const { kind, policyIds } = verdictOf(answer, this.#set.policies)
    const { name } = this.#facts.connection
    return {
      action: target.action,
      resource: target.table === null ? entityText('Connection', name) : entityText('Table', `${name}/${target.table}`),
      decision: kind === 'permit' || kind === 'pending' ? kind : 'deny',
      policies: policyIds.flatMap((id) => explained(this.#set.policies.get(id))),
      errors: answer.errors.map(({ id, message }) => ({ id: id ?? 'the whole question', message })),
    }
  }
}

/** Of policies that were found for an action: whether they name it. */
const isAboutOneAction = (policy: Policy | undefined): boolean =>
  (policy?.tree as { readonly action?: { readonly op?: string } } | undefined)?.action?.op === '=='

const isSameList = (one: readonly string[], other: readonly string[]): boolean =>
  one === other || (one.length === other.length && one.every((item, index) => item === other[index]))

const isAsked = ({ refusal, targets }: StatementAccess): boolean => refusal === null && targets.length <= MAX_TARGETS

const entityText = (type: string, id: string): string => `${type}::${JSON.stringify(id)}`

function explained(policy: Policy | undefined): readonly ExplainedPolicy[] {
  if (policy === undefined) return []
  const { id, file, line, effect, annotations } = policy
  return [{ id, file, line, effect, annotations }]
}

/** `datetime` and `ip` as the text that they were made of. */
function readable(context: Question['context']): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(context).map(([name, value]) => {
      const made = typeof value === 'object' && value !== null && '__extn' in value ? value['__extn'] : null
      return [name, made !== null && typeof made === 'object' && 'arg' in made ? made.arg : value]
    }),
  )
}
