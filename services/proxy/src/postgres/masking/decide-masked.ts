// What the policies decide in a session that masks, where less may be permitted: code that nobody knows would see values
// before they are masked.

import { denyProtocol, type PolicyDecision, type StatementAccess } from '@sluice/policy'

/** Changes of definitions that carry no expression and no query: what a column holds stays where it is. */
const PLAIN_DEFINITIONS: ReadonlySet<string> = new Set([
  'ANALYZE',
  'COMMENT',
  'CREATE SCHEMA',
  'CREATE SEQUENCE',
  'DROP',
  'GRANT',
  'LOCK',
  'REINDEX',
  'REVOKE',
  'TRUNCATE',
  'VACUUM',
])
const CHANGES_DEFINITIONS: ReadonlySet<string> = new Set(['sql:ddl', 'sql:admin'])

const REVEAL_HINT = 'It may be run by who may see every tag of this connection.'

export function decideMasked(
  access: StatementAccess,
  policy: { decide(access: StatementAccess): PolicyDecision },
  mustWait: (access: StatementAccess) => boolean,
): PolicyDecision {
  const decision = policy.decide(access)
  if (decision.kind === 'deny') return decision
  if (decision.kind === 'permit' && mustWait(access)) return notHeld()
  const [unknown] = access.unknown
  if (unknown !== undefined) return denied(unknown.what)
  const { actions, kinds } = access
  if (!actions.some((action) => CHANGES_DEFINITIONS.has(action))) return decision
  const carrying = kinds.find((kind) => !isPlain(kind))
  return carrying === undefined ? decision : denied(carrying)
}

const isPlain = (kind: string): boolean =>
  PLAIN_DEFINITIONS.has(kind) || PLAIN_DEFINITIONS.has(kind.split(' ')[0] as string)

function notHeld(): PolicyDecision {
  return denyProtocol(
    'tag_approval',
    'values of these tags may be compared only where a person approves it, and no policy asks for one',
    'A policy with @approval that looks at context.comparedTags would ask.',
  )
}

function denied(what: string): PolicyDecision {
  return denyProtocol('masked_session', `${what} is not allowed while values are masked`, REVEAL_HINT)
}
