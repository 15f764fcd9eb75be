// Records that steer masking and were not accepted. An incident ends nothing; it is logged, counted, and for people.

import type { Incident } from '@sluice/trust'

/** Besides those of the signed topics. */
export type IncidentCode =
  | Incident['code']
  /** A node speaks for another one, or a record of another connection than its key. */
  | 'catalog_mismatch'
  /** A catalog that can't be read, or is not what its hash says. */
  | 'catalog_content'
  /** A policy set whose content is not what its hash says, or whose rules can't be used. */
  | 'policy_content'
  | 'policy_invalid'
  /** A plan of the masker's own that can't be read any more. */
  | 'plan_content'

export type MaskerIncident = Omit<Incident, 'code'> & { readonly code: IncidentCode }

export type ReportIncident = (incident: MaskerIncident) => void
