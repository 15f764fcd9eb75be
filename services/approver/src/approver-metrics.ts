// What operators see of the approver.

import { Counter, Gauge, type Registry } from '@sluice/service'

export type ApproverMetrics = {
  readonly held: Gauge
  readonly decisions: Counter<'kind'>
  readonly refusedVotes: Counter<'code'>
  readonly deniedRequests: Counter<'code'>
  readonly incidents: Counter<'code'>
  readonly failures: Counter
}

export function approverMetrics(registry: Registry): ApproverMetrics {
  const registers = [registry]
  return {
    held: new Gauge({
      name: 'sluice_approver_held',
      help: 'Commands that wait for votes',
      registers,
    }),
    decisions: new Counter({
      name: 'sluice_approver_decisions_total',
      help: 'Decisions written, by kind: votes counted and refused, and how requests ended',
      labelNames: ['kind'],
      registers,
    }),
    refusedVotes: new Counter({
      name: 'sluice_approver_votes_refused_total',
      help: 'Votes that do not count, by the code of the reason',
      labelNames: ['code'],
      registers,
    }),
    deniedRequests: new Counter({
      name: 'sluice_approver_requests_denied_total',
      help: 'Requests that were denied, by the code of the reason: `denied` by people, all others by a bound or a rule',
      labelNames: ['code'],
      registers,
    }),
    incidents: new Counter({
      name: 'sluice_approver_incidents_total',
      help: 'Records that were not accepted, by code; look at the log for each',
      labelNames: ['code'],
      registers,
    }),
    failures: new Counter({
      name: 'sluice_approver_publish_failures_total',
      help: 'Times that the log did not take decisions, which were tried again',
      registers,
    }),
  }
}
