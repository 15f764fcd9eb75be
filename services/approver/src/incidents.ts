// What was wrong with records that the approver did not act on. An incident ends nothing; it is logged and counted.

import type { Incident } from '@sluice/trust'

/** Besides those of the signed topics. */
export type IncidentCode =
  | Incident['code']
  /** A node speaks for another one. */
  | 'node_mismatch'
  /** A signed record whose fields contradict each other. */
  | 'malformed'
  /** A policy set whose content is not what its hash says, or whose rules can't be used. */
  | 'policy_content'
  | 'policy_invalid'

export type ApproverIncident = Omit<Incident, 'code'> & { readonly code: IncidentCode }

export type ReportIncident = (incident: ApproverIncident) => void
