// Statements that carry a query: what may become of what the query finds.

import { type Denial, denyProtocol, type StatementAccess } from '@sluice/policy'
import type { InnerQuery, UtilityFacts } from '@sluice/sql'
import { copiesMade, countsTold } from '../masking/mask-denials.ts'
import type { SessionMasking } from '../masking/session-masking.ts'
import { type Analysed, type AnalysedText, NO_MASKS, type PortalMasks } from '../masking/session-masking.ts'

export type Carrier = Extract<UtilityFacts, { kind: 'declare' | 'copy-out' | 'explain' | 'create-as' }>

const KINDS: ReadonlySet<UtilityFacts['kind']> = new Set(['declare', 'copy-out', 'explain', 'create-as'])

export function carriesQuery(utility: UtilityFacts | null): utility is Carrier {
  return utility !== null && KINDS.has(utility.kind)
}

export const carriedBy = (whole: string, { text, at }: InnerQuery): AnalysedText => ({ analysed: text, whole, at })

/** Known before the query is. */
export function carrierRefused(utility: Carrier): Denial | null {
  if (utility.kind !== 'declare' || !utility.binary) return null
  return denyProtocol('binary_cursor', 'a binary cursor is not masked', 'Declare it without BINARY.')
}

/** While a person is asked nothing is locked, and what was analysed might be something else when it runs. */
export function carrierAccess({ access }: Analysed): StatementAccess {
  return { ...access, holdable: access.holdable ?? 'it carries a query; send that by itself' }
}

/** Why it may not run with this query, although the query might. */
export function carrierDenied(utility: Carrier, analysed: Analysed): Denial | null {
  if (analysed.lineage.command === 'utility') return denyProtocol('carrier', 'what it carries is no query', null)
  switch (utility.kind) {
    case 'explain':
      return utility.analyze && analysed.lineage.usesSensitive === true ? countsTold(analysed) : null
    case 'create-as': {
      const sensitive = analysed.lineage.outputs.find(({ sources }) => sources.length > 0)
      return sensitive === undefined ? null : copiesMade(sensitive, analysed)
    }
    case 'declare':
    case 'copy-out':
      return null
    default:
      return utility satisfies never
  }
}

export function carrierMasks(utility: Carrier, analysed: Analysed, masking: SessionMasking): PortalMasks {
  if (utility.kind !== 'copy-out') return NO_MASKS
  const { format, table, columns } = utility
  return masking.masksOfCopy(analysed, format, table !== null && columns === null)
}
