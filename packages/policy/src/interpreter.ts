// Cedar's interpreter keeps what it has parsed under names, for as long as the process lives. So there are few names,
// and the set that was asked least recently gives its name up.

import { preparsePolicySet, preparseSchema, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs'
import { CEDAR_SCHEMA } from './cedar-schema.ts'

/** More than one while old sessions still ask the set before. */
export const MAX_PREPARSED_SETS = 4

/** Cedar's text of each policy by its `@id`. */
export type PolicyTexts = Readonly<Record<string, string>>

export type Question = Omit<
  Parameters<typeof statefulIsAuthorized>[0],
  'preparsedSchemaName' | 'preparsedPolicySetId' | 'validateRequest'
>

export type Answer = {
  readonly allowed: boolean
  /** The satisfied permits, or the satisfied forbids. */
  readonly satisfied: readonly string[]
  /** `id` is null where not one policy failed but the question as a whole. */
  readonly errors: readonly { readonly id: string | null; readonly message: string }[]
}

const SCHEMA = 'sluice'
const NAMES = Array.from({ length: MAX_PREPARSED_SETS }, (_, index) => `set-${index}`)
let schemaReady = false
/** In order of use, the latest last. */
const sets = new Map<PolicyTexts, string>()

/** Never throws: whatever goes wrong is an error of the answer. */
export function ask(texts: PolicyTexts, question: Question): Answer {
  try {
    const preparsedPolicySetId = nameOf(texts)
    const answer = statefulIsAuthorized({
      ...question,
      preparsedPolicySetId,
      preparsedSchemaName: SCHEMA,
      validateRequest: true,
    })
    if (answer.type === 'failure') return failed(answer.errors.map(({ message }) => message).join('; '))
    const { decision, diagnostics } = answer.response
    return {
      allowed: decision === 'allow',
      satisfied: diagnostics.reason,
      errors: diagnostics.errors.map(({ policyId, error }) => ({ id: policyId, message: error.message })),
    }
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error))
  }
}

const failed = (message: string): Answer => ({ allowed: false, satisfied: [], errors: [{ id: null, message }] })

function nameOf(texts: PolicyTexts): string {
  const known = sets.get(texts)
  if (known !== undefined) {
    sets.delete(texts)
    sets.set(texts, known)
    return known
  }
  if (!schemaReady) {
    accepted(preparseSchema(SCHEMA, CEDAR_SCHEMA))
    schemaReady = true
  }
  const name = freeName()
  accepted(preparsePolicySet(name, { staticPolicies: { ...texts } }))
  sets.set(texts, name)
  return name
}

/** One that no set has, also after a set that was given one could not be parsed: two would answer for each other. */
function freeName(): string {
  const [oldest] = sets.keys()
  if (oldest !== undefined && sets.size === NAMES.length) sets.delete(oldest)
  const taken = new Set(sets.values())
  const free = NAMES.find((name) => !taken.has(name))
  if (free === undefined) throw new Error('every name is taken')
  return free
}

function accepted(answer: ReturnType<typeof preparseSchema>): void {
  if (answer.type === 'failure') throw new Error(answer.errors.map(({ message }) => message).join('; '))
}
