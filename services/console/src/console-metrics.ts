// What the console counts. Labels are routes and codes from closed sets: no name, no address, no value.
import { Counter, Gauge, Histogram, type Registry } from '@sluice/service'

export type ConsoleMetrics = {
  readonly registry: Registry
  readonly requests: Counter<'route' | 'method' | 'status'>
  readonly seconds: Histogram<'route'>
  readonly authenticationFailures: Counter<'code'>
  readonly ticketsIssued: Counter
  readonly keyDownloadFailures: Counter
  readonly votes: Counter<'result'>
  readonly approvalsOpen: Gauge
  readonly policyVersion: Gauge
  readonly incidents: Counter<'code'>
}

export function consoleMetrics(registry: Registry): ConsoleMetrics {
  const registers = [registry]
  return {
    registry,
    requests: new Counter({
      name: 'sluice_console_requests_total',
      help: 'Requests answered',
      labelNames: ['route', 'method', 'status'],
      registers,
    }),
    seconds: new Histogram({
      name: 'sluice_console_request_seconds',
      help: 'Time to the answer',
      labelNames: ['route'],
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
      registers,
    }),
    authenticationFailures: new Counter({
      name: 'sluice_console_authentication_failures_total',
      help: 'Tokens that were refused, by code',
      labelNames: ['code'],
      registers,
    }),
    ticketsIssued: new Counter({ name: 'sluice_console_tickets_issued_total', help: 'Tickets given out', registers }),
    keyDownloadFailures: new Counter({
      name: 'sluice_console_key_download_failures_total',
      help: "Downloads of issuers' keys that failed",
      registers,
    }),
    votes: new Counter({
      name: 'sluice_console_votes_total',
      help: 'Votes on held commands, by what became of them',
      labelNames: ['result'],
      registers,
    }),
    approvalsOpen: new Gauge({
      name: 'sluice_console_approvals_open',
      help: 'Commands that wait for approval, as far as the console knows',
      registers,
    }),
    policyVersion: new Gauge({
      name: 'sluice_console_policy_set_version',
      help: 'Version of the policy set in force',
      registers,
    }),
    incidents: new Counter({
      name: 'sluice_console_incidents_total',
      help: 'Records that steer enforcement and were not accepted, by code',
      labelNames: ['code'],
      registers,
    }),
  }
}
