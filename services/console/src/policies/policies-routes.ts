// The routes of policy sets: apply one, see the one in force.
import { isoMicros } from '@sluice/events'
import { maskingRulesSchema } from '@sluice/mask'
import { approvalRulesSchema } from '@sluice/policy'
import type { Logger } from '@sluice/service'
import type { Hono } from 'hono'
import { z } from 'zod'
import { checkMayApply, checkMayAsk } from '../authorise.ts'
import { readBody } from '../parameters.ts'
import { refuse } from '../problem.ts'
import { type ConsoleEnv, jsonText, limitedTo, onlyBy } from '../route-basics.ts'
import type { PoliciesInForce, PolicyOffice } from './policy-office.ts'

/** Policy sets are larger than any other body. */
export const MAX_POLICY_BODY_BYTES = 1_048_576
/** Far beyond what a policy set may have: what is within it is for the check, which says more. */
const MAX_FILES = 1_000
const MAX_NAME_CHARACTERS = 255

export type PolicyRoutes = {
  readonly office: Pick<PolicyOffice, 'apply' | 'inForce'>
  /** Every connection is one of the demo. */
  readonly isDemoOnly: boolean
  readonly log: Logger
}

const applySchema = z.strictObject({
  files: z.array(z.strictObject({ name: z.string().min(1).max(MAX_NAME_CHARACTERS), text: z.string() })).max(MAX_FILES),
  /** As in sluice.yaml. */
  approvalRules: approvalRulesSchema,
  /** As in sluice.yaml, without what only proxies need. */
  masking: maskingRulesSchema.prefault({}),
})

export function addPolicyRoutes(app: Hono<ConsoleEnv>, { office, isDemoOnly, log }: PolicyRoutes): void {
  app.post('/v1/policies', limitedTo(MAX_POLICY_BODY_BYTES), async (c) => {
    const subject = c.get('subject')
    checkMayApply(subject)
    if (subject.demo && !isDemoOnly) {
      throw refuse(
        'connection_not_demo',
        'policies hold for every connection, and the demo issuer’s admins only for such that are marked `demo: true`; apply them as somebody of another issuer',
      )
    }
    const { version, contentHash } = await office.apply(readBody(applySchema, await jsonText(c)), subject)
    log.info({ event: 'policies_applied', version, contentHash, subject: subject.id }, 'policies were applied')
    return c.json({ version, contentHash })
  })
  app.all('/v1/policies', onlyBy('POST'))
  app.get('/v1/policies/current', (c) => {
    checkMayAsk(c.get('subject'))
    const policies = office.inForce
    if (policies === null) {
      throw refuse('policies_unknown', 'no policy set that can be trusted is published; apply one: sluice policy apply')
    }
    return c.json(policiesView(policies))
  })
  app.all('/v1/policies/current', onlyBy('GET'))
}

function policiesView({ version, time, set }: PoliciesInForce) {
  const { contentHash, appliedBy, files, approvalRules, masking } = set
  return {
    version,
    contentHash,
    appliedBy,
    time: isoMicros(time),
    files,
    /** As in sluice.yaml. */
    approvalRules: JSON.parse(approvalRules) as unknown,
    masking: JSON.parse(masking) as unknown,
  }
}
