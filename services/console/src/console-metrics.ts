// What the console counts. Labels are routes and codes from closed sets: no name, no address, no value.
import { Counter, Histogram, type Registry } from '@sluice/service'

export type ConsoleMetrics = {
  readonly registry: Registry
  readonly requests: Counter<'route' | 'method' | 'status'>
  readonly seconds: Histogram<'route'>
  readonly authenticationFailures: Counter<'code'>
  readonly ticketsIssued: Counter
  readonly keyDownloadFailures: Counter
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
  }
}
