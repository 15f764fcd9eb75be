/** An explanation as text: what the statement is, what the policies are asked, which decide, what the client sees. */
import {
  type ApprovalRule,
  type ApprovalRules,
  describeSeats,
  type ExplainedPolicy,
  type ExplainedTarget,
  type Explanation,
  heldWords,
  type PolicyDecision,
  type PolicySubject,
  type StatementAccess,
  seatsOf,
} from '@sluice/policy'
import { escapeControls } from '../terminal/escape.ts'
import type { Output, Style } from '../terminal/output.ts'
import { padTo } from '../terminal/width.ts'

/** What was found out about one statement of one subject. */
export type Explained = {
  readonly sql: string
  readonly connection: string
  readonly access: StatementAccess
  /** Whether the session may open at all. */
  readonly connect: PolicyDecision
  readonly explanation: Explanation
  readonly policyVersion: string
}

export type ExplanationFacts = {
  readonly subject: PolicySubject
  readonly rules: ApprovalRules
  readonly pathOf: (file: string) => string
}

const NAME_COLUMNS = 13
const MS_PER_S = 1_000

export function printExplanation(output: Output, explained: Explained, facts: ExplanationFacts): void {
  const { access, connect, explanation } = explained
  const { style } = output
  const say = (text: string): void => output.line(text === '' ? '' : `  ${escapeControls(text)}`)
  const { id, kind, groups } = facts.subject
  output.line(
    style.bold(
      escapeControls(`${id} (${kind}, ${groups.join(', ') || 'no group'}) on connection ${explained.connection}`),
    ),
  )
  for (const [name, value] of factsOf(access)) say(`${padTo(name, NAME_COLUMNS)}${value}`)
  if (explanation.targets.length > 0) output.line(style.bold(`Asked of policies ${explained.policyVersion}`))
  for (const target of explanation.targets) printTarget(output, target, facts)
  output.line(style.bold('The client sees'))
  if (connect.kind === 'deny') {
    for (const line of deniedLines(connect)) say(line)
    say('and no session opens: without a connection there is nothing to ask.')
    return
  }
  for (const line of answerLines(explanation.decision, facts.rules)) say(line)
}

function factsOf(access: StatementAccess): readonly (readonly [string, string])[] {
  const { kinds, functions, unfiltered, unknown, refusal, holdable } = access
  return [
    ['is', kinds.join(', ') || '–'],
    ['touches', [...new Set(access.targets.flatMap(({ table }) => table ?? []))].join(', ') || 'no table'],
    ...(functions.length > 0 ? [['calls', functions.join(', ')] as const] : []),
    ...(unfiltered ? [['unfiltered', 'yes: it could reach every row'] as const] : []),
    ...unknown.map(({ what, code }) => ['unknown', `${what} (${code})`] as const),
    ...(refusal === null ? [] : [['refused', `${refusal.what} (${refusal.code}): no policy is asked`] as const]),
    ...(holdable === null ? [] : [['not held', holdable] as const]),
  ]
}

function printTarget(output: Output, target: ExplainedTarget, { pathOf }: ExplanationFacts): void {
  const { style } = output
  const { action, resource, decision, policies, errors } = target
  output.line(`  ${escapeControls(`${action} on ${resource}`)}: ${paintOf(decision, style)(decision)}`)
  for (const policy of policies) output.line(`      ${escapeControls(policyLine(policy, pathOf))}`)
  for (const { id, message } of errors) {
    output.line(`      ${style.bad(escapeControls(`error in ${id}, which denies: ${message}`))}`)
  }
  if (policies.length === 0 && errors.length === 0) output.line(style.dim('      no policy permits it'))
}

function policyLine(
  { effect, id, file, line, annotations }: ExplainedPolicy,
  pathOf: (file: string) => string,
): string {
  const { id: _id, ...others } = annotations
  const notes = Object.entries(others).map(([name, value]) => ` @${name}(${JSON.stringify(value)})`)
  return `${effect} ${id}  ${pathOf(file)}:${line}${notes.join('')}`
}

function paintOf(decision: ExplainedTarget['decision'], { good, bad, warn }: Style): (text: string) => string {
  return { permit: good, pending: warn, deny: bad }[decision]
}

function answerLines(decision: PolicyDecision, rules: ApprovalRules): readonly string[] {
  switch (decision.kind) {
    case 'permit':
      return [`its result: permitted by ${decision.policyIds.join(', ')}`, ...obligationLines(decision)]
    case 'pending': {
      const asked = decision.approvalRules.flatMap((name) => rules[name] ?? [])
      return [
        `NOTICE:  sluice: ${heldWords(asked, longestWaitSeconds(asked))}`,
        `DETAIL:  approval … · policy ${decision.policyIds.join(', ')}`,
        `and then its result, once ${describeSeats(asked.flatMap(seatsOf))} agreed`,
        ...obligationLines(decision),
      ]
    }
    case 'deny':
      return [...deniedLines(decision), ...obligationLines(decision)]
    default:
      return decision satisfies never
  }
}

function deniedLines(denial: Extract<PolicyDecision, { kind: 'deny' }>): readonly string[] {
  const policy = denial.policyIds.length === 0 ? '' : `policy ${denial.policyIds.join(', ')} · `
  return [
    `ERROR:  sluice: ${denial.reason}`,
    `DETAIL:  ${policy}event …`,
    ...(denial.hint === null ? [] : [`HINT:  ${denial.hint}`]),
  ]
}

function obligationLines({ obligations }: PolicyDecision): readonly string[] {
  const { notify, record } = obligations
  return [
    ...(notify.length > 0 ? [`told to ${notify.join(', ')}`] : []),
    ...(record === 'metadata' ? ['recorded without results, parameters and literals'] : []),
  ]
}

/** Of several rules the shortest time counts. */
function longestWaitSeconds(rules: readonly ApprovalRule[]): number {
  return Math.min(...rules.map(({ expires }) => expires)) / MS_PER_S
}
