// Everything that is wrong with a policy set, found without asking it anything.

import { validate } from '@cedar-policy/cedar-wasm/nodejs'
import type { PolicyFile } from '@sluice/events'
import type { ApprovalRules } from './approval-rule.ts'
import { CEDAR_SCHEMA } from './cedar-schema.ts'
import { literalMistakes } from './literal-mistakes.ts'
import { nearestName } from './nearest-name.ts'
import type { PolicyMistake } from './policy-mistake.ts'
import { atAnnotation, atPolicy, mistakeAt, type Policy, type PolicyReading, readPolicies } from './policy-reader.ts'
import { characterOffset } from './policy-text.ts'
import { schemaWords } from './schema-mistakes.ts'

const ANNOTATIONS = ['id', 'approval', 'reason', 'notify', 'record']

/**
 * In the order of the files; empty where the set can be applied.
 * @param connections names of those that there are, where that is known: a policy on another one is a mistake then
 */
export function checkPolicies(
  files: readonly PolicyFile[],
  approvalRules: ApprovalRules,
  connections: readonly string[] | null = null,
): readonly PolicyMistake[] {
  return checkReading(files, readPolicies(files), approvalRules, connections)
}

export function checkReading(
  files: readonly PolicyFile[],
  { policies, mistakes }: PolicyReading,
  approvalRules: ApprovalRules,
  connections: readonly string[] | null = null,
): readonly PolicyMistake[] {
  const order = new Map(files.map(({ name }, index) => [name, index]))
  const position = ({ file }: PolicyMistake) => order.get(file) ?? files.length
  const found = [
    ...mistakes,
    ...policies.flatMap((policy) => annotationMistakes(policy, approvalRules)),
    ...schemaMistakes(policies),
  ]
  // What Cedar finds is said first: it may be the same mistake in other words.
  const all = found.length > 0 ? found : policies.flatMap((policy) => literalMistakes(policy, connections))
  return [...all].sort((a, b) => position(a) - position(b) || a.line - b.line || a.column - b.column)
}

function annotationMistakes(policy: Policy, rules: ApprovalRules): readonly PolicyMistake[] {
  const at = (name: string) => atAnnotation({ name: policy.file, text: policy.source }, policy.piece, name)
  return Object.entries(policy.annotations).flatMap(([name, value]): readonly PolicyMistake[] => {
    const wrong = (message: string, fix: string) => [mistakeAt(at(name), 'annotation', message, fix)]
    if (!ANNOTATIONS.includes(name)) {
      const nearest = nearestName(name, ANNOTATIONS)
      const known = `the annotations are ${ANNOTATIONS.map((each) => `@${each}`).join(', ')}`
      return wrong(`there is no annotation @${name}`, nearest === null ? known : `did you mean @${nearest}? ${known}`)
    }
    if (name === 'record' && value !== 'metadata') {
      return wrong('@record takes "metadata" only', 'write @record("metadata"), or leave it out to record everything')
    }
    if (name === 'reason' && policy.effect === 'permit') {
      return wrong('@reason is told where something is denied, and this is a permit', 'move it to a forbid')
    }
    return name === 'approval' ? approvalMistakes(policy, value, rules, at(name)) : []
  })
}

function approvalMistakes(
  policy: Policy,
  rule: string,
  rules: ApprovalRules,
  at: ReturnType<typeof atAnnotation>,
): readonly PolicyMistake[] {
  if (policy.effect === 'forbid') {
    const fix = 'write a permit with @approval, and no forbid that catches the same'
    return [mistakeAt(at, 'annotation', '@approval stands on a forbid, which no approval lifts', fix)]
  }
  if (opensConnection(policy.tree)) {
    const fix = 'leave @approval out here, and ask for it where statements are permitted'
    return [mistakeAt(at, 'annotation', 'opening a connection can not wait for an approval', fix)]
  }
  if (Object.hasOwn(rules, rule)) return []
  const names = Object.keys(rules).sort()
  const nearest = nearestName(rule, names)
  const there = names.length === 0 ? 'there is none under approvals: in sluice.yaml' : `there is ${names.join(', ')}`
  const fix = nearest === null ? `${there}; add it there` : `did you mean "${nearest}"? ${there}`
  return [mistakeAt(at, 'approval_rule_unknown', `there is no approval rule "${rule}"`, fix)]
}

function opensConnection(tree: unknown): boolean {
  const { action } = tree as { readonly action: { readonly op: string; readonly entity?: { readonly id?: string } } }
  return action.op !== 'All' && action.entity?.id === 'connect'
}

/** Cedar names policies by their key: an `@id` may be there twice. */
function schemaMistakes(policies: readonly Policy[]): readonly PolicyMistake[] {
  if (policies.length === 0) return []
  const byKey = new Map(policies.map((policy, index) => [`policy${index}`, policy]))
  const staticPolicies = Object.fromEntries([...byKey].map(([key, { text }]) => [key, text]))
  const answer = validate({ schema: CEDAR_SCHEMA, policies: { staticPolicies } })
  const start = policies[0] as Policy
  if (answer.type === 'failure') {
    const message = answer.errors.map((error) => error.message).join('; ')
    return [mistakeAt(atPolicy(start, 0), 'schema', message, 'mend what is named there')]
  }
  const failed = new Set(answer.validationErrors.map(({ policyId }) => policyId))
  const warnings = answer.validationWarnings.filter(({ policyId }) => !failed.has(policyId))
  const found = new Map<string, PolicyMistake>()
  // What only `connect` lacks is said where nothing else is wrong at that place.
  const errors = answer.validationErrors.toSorted((a, b) => Number(aboutConnect(a)) - Number(aboutConnect(b)))
  for (const { policyId, error } of [...errors, ...warnings]) {
    const policy = byKey.get(policyId) ?? start
    const { message, fix, impossible } = schemaWords(error.message, error.help)
    const offset = policy.offset + characterOffset(policy.text, error.sourceLocations?.[0]?.start ?? 0)
    const code = error.severity !== 'warning' ? 'schema' : impossible ? 'impossible' : 'warning'
    const mistake = mistakeAt(atPolicy(policy, offset), code, message, fix)
    // The same is said for every action and resource that the policy could be about.
    const key = `${policyId} ${offset}`
    if (!found.has(key)) found.set(key, mistake)
  }
  return [...found.values()]
}

const aboutConnect = ({ error }: { readonly error: { readonly message: string } }): boolean =>
  /Action::"(?:connect|reveal)"/.test(error.message)
