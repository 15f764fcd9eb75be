// What operators see of plans and findings.

import { Counter, Gauge, type Registry } from '@sluice/service'

export type PlanMetrics = {
  readonly published: Counter
  readonly failures: Counter
  readonly incidents: Counter<'code'>
  readonly findings: Counter<'raised'>
  readonly makeSeconds: Gauge
}

export function planMetrics(registry: Registry): PlanMetrics {
  const registers = [registry]
  return {
    published: new Counter({
      name: 'sluice_masker_plans_published_total',
      help: 'Masking plans published',
      registers,
    }),
    failures: new Counter({
      name: 'sluice_masker_plan_failures_total',
      help: 'Plans that could not be made or published and are tried again, and findings that could not be written',
      registers,
    }),
    incidents: new Counter({
      name: 'sluice_masker_incidents_total',
      help: 'Records that were not accepted, by code; look at the log for each',
      labelNames: ['code'],
      registers,
    }),
    findings: new Counter({
      name: 'sluice_masker_findings_total',
      help: 'Findings of sensitive data where the plan had none, by whether the plan was raised',
      labelNames: ['raised'],
      registers,
    }),
    makeSeconds: new Gauge({
      name: 'sluice_masker_plan_seconds',
      help: 'How long the last plan took to make',
      registers,
    }),
  }
}
