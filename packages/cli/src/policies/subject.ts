/** Who a policy is asked about: one of the demo's people, or whoever is described. */
import { DEMO_PEOPLE, isDemoName } from '@sluice/demo'
import type { PolicySubject } from '@sluice/policy'
import { CliFailure, EXIT_CODES } from '../failure.ts'
import type { PolicyFolder } from './policy-folder.ts'

export type SubjectFlags = {
  readonly as: string
  readonly kind?: string
  readonly groups?: string
  readonly onBehalfOf?: string
}

const KINDS: readonly PolicySubject['kind'][] = ['human', 'agent', 'service']

/** In a folder that trusts the demo's issuer its people are known by name; flags come before what is known. */
export function subjectOf(flags: SubjectFlags, { identity }: PolicyFolder['config']): PolicySubject {
  const demo = identity.issuers.find((issuer) => issuer.demo)
  const known = demo !== undefined && isDemoName(flags.as) ? DEMO_PEOPLE[flags.as] : null
  const groups = flags.groups?.split(',').map((group) => group.trim())
  return {
    issuer: (demo ?? identity.issuers[0])?.issuer ?? '',
    id: flags.as,
    kind: kindOf(flags.kind) ?? known?.kind ?? 'agent',
    groups: groups?.filter((group) => group !== '') ?? known?.groups ?? [],
    onBehalfOf: flags.onBehalfOf ?? null,
  }
}

function kindOf(text: string | undefined): PolicySubject['kind'] | undefined {
  if (text === undefined) return undefined
  const kind = KINDS.find((each) => each === text)
  if (kind !== undefined) return kind
  throw new CliFailure(`there is no kind ${text}; write one of ${KINDS.join(', ')}`, EXIT_CODES.usage)
}
