// What went wrong with records that steer enforcement. An incident ends nothing; it is logged, counted, and for people.

import type { Incident } from '@sluice/trust'

/** Besides those of the signed topics. */
export type IncidentCode =
  | Incident['code']
  /** A decision for an open approval that names another node, session, execution or command. */
  | 'decision_mismatch'
  /** An approval that could not be used any more when it came. */
  | 'decision_expired'
  /** A policy set whose content is not what its hash says, or that does not compile. */
  | 'policy_content'
  | 'policy_invalid'
  /** A masking plan that can't be read, or is not what its record says. */
  | 'plan_unreadable'
  | 'plan_content'

export type ProxyIncident = Omit<Incident, 'code'> & { readonly code: IncidentCode }

export type ReportIncident = (incident: ProxyIncident) => void
