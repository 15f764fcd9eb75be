// Records that steer enforcement and were not accepted. An incident ends nothing; it is logged, counted, and for people.
import type { Logger } from '@sluice/service'
import type { Incident } from '@sluice/trust'

export type IncidentCode =
  | Incident['code']
  /** A request or decision that contradicts its key, its signer's name or what was asked. */
  | 'request_mismatch'
  | 'decision_mismatch'
  /** A policy set whose content is not what its hash says, or that can't be read. */
  | 'policy_content'

export type ConsoleIncident = Omit<Incident, 'code'> & { readonly code: IncidentCode }

export type ReportIncident = (incident: ConsoleIncident) => void

/** The record's key is whatever was written to the log: it is quoted where people read it. */
export function incidentReport(log: Logger, count: (code: IncidentCode) => void): ReportIncident {
  return ({ code, topic, key, detail }) => {
    count(code)
    log.error({ event: 'incident', code, topic, key: JSON.stringify(key), detail }, 'a record was not accepted')
  }
}
