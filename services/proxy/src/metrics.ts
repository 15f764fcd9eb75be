// The proxy's metrics. Labels are closed sets: no name, text or value of a client is ever one.

import type { PolicyDecision } from '@sluice/policy'
import { Counter, Gauge, type Registry } from '@sluice/service'

export type ProxyMetrics = {
  readonly sessions: Gauge
  readonly handshakes: Counter<'result'>
  /** Requests so far. Plain numbers: on the path a counter with labels costs as much as a hash. */
  readonly requests: Record<PolicyDecision['kind'], number>
  readonly cancels: Counter<'known'>
  readonly upstreamFailures: Counter<'connection' | 'code'>
  /** Records that steer, and were not accepted. */
  readonly incidents: Counter<'code'>
}

export function proxyMetrics(
  registry: Registry,
  journal: { readonly depthBytes: number; readonly healthy: boolean },
): ProxyMetrics {
  const registers = [registry]
  const requests: ProxyMetrics['requests'] = { permit: 0, deny: 0, pending: 0 }
  new Counter({
    name: 'sluice_requests_total',
    help: 'Requests by decision',
    labelNames: ['effect'],
    registers,
    collect() {
      this.reset()
      for (const [effect, count] of Object.entries(requests)) this.inc({ effect }, count)
    },
  })
  new Gauge({
    name: 'sluice_journal_bytes',
    help: 'Bytes that the journal holds',
    registers,
    collect() {
      this.set(journal.depthBytes)
    },
  })
  new Gauge({
    name: 'sluice_journal_healthy',
    help: '1 while the journal takes records',
    registers,
    collect() {
      this.set(journal.healthy ? 1 : 0)
    },
  })
  return {
    sessions: new Gauge({ name: 'sluice_sessions', help: 'Live sessions', registers }),
    handshakes: new Counter({
      name: 'sluice_handshakes_total',
      help: 'How handshakes ended',
      labelNames: ['result'],
      registers,
    }),
    requests,
    cancels: new Counter({ name: 'sluice_cancels_total', help: 'Cancel requests', labelNames: ['known'], registers }),
    upstreamFailures: new Counter({
      name: 'sluice_upstream_failures_total',
      help: 'Upstream sessions that could not be opened',
      labelNames: ['connection', 'code'],
      registers,
    }),
    incidents: new Counter({
      name: 'sluice_incidents_total',
      help: 'Records that steer enforcement and were not accepted',
      labelNames: ['code'],
      registers,
    }),
  }
}

/** What is known once the control plane is there. */
export function steeringMetrics(
  registry: Registry,
  desk: { readonly held: number },
  policies: { readonly version: string | null; problem(): string | null },
): void {
  const registers = [registry]
  new Gauge({
    name: 'sluice_held',
    help: 'Commands that wait for an approval',
    registers,
    collect() {
      this.set(desk.held)
    },
  })
  new Gauge({
    name: 'sluice_policy_info',
    help: 'The policy set in force, by the beginning of its content hash; 0 where it may not be used any more',
    labelNames: ['version'],
    registers,
    collect() {
      this.reset()
      if (policies.version !== null) this.set({ version: policies.version }, policies.problem() === null ? 1 : 0)
    },
  })
}

/** A connection without a plan that may be used has no sessions. */
export function planMetrics(registry: Registry, plans: { problems(): ReadonlyMap<string, string | null> }): void {
  new Gauge({
    name: 'sluice_mask_plan',
    help: '1 while the masking plan of a connection may be used',
    labelNames: ['connection'],
    registers: [registry],
    collect() {
      for (const [connection, problem] of plans.problems()) this.set({ connection }, problem === null ? 1 : 0)
    },
  })
}
