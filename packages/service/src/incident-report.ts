// A record that steers enforcement and was not accepted: it ends nothing, but it is counted, and people are told.

import type { Logger } from './logger.ts'

type Incident<Code extends string> = {
  readonly code: Code
  readonly topic: string
  readonly key: string
  readonly detail: string
}

export function incidentReport<Code extends string>(
  log: Logger,
  count: (code: Code) => void,
): (incident: Incident<Code>) => void {
  return ({ code, topic, key, detail }) => {
    count(code)
    log.error({ event: 'incident', code, topic, key, detail }, 'a record was not accepted')
  }
}
