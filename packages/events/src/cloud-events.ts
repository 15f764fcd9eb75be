// CloudEvents 1.0 attributes of a record, Kafka binary mode, as the JSON text of a flat map. Built by concatenation:
// it is made for every event, and only node id and trace hold characters that need escaping.

import type { FrameHeader } from './frame.ts'

/** JSON text of a flat map of strings. */
export type HeadersJson = string

const AVRO_CONTENT_TYPE = 'application/avro'

let escapedNodeId = ''
let sourceOfNode = ''

function sourceJson(nodeId: string): string {
  if (nodeId !== escapedNodeId || sourceOfNode === '') {
    escapedNodeId = nodeId
    sourceOfNode = JSON.stringify(`/sluice/nodes/${nodeId}`)
  }
  return sourceOfNode
}

let lastSecond = Number.NaN
let lastSecondText = ''

/** RFC 3339 with microseconds, UTC. */
export function isoMicros(micros: number): string {
  const second = Math.floor(micros / 1_000_000)
  if (second !== lastSecond) {
    lastSecond = second
    lastSecondText = new Date(second * 1_000).toISOString().slice(0, 20)
  }
  const rest = micros - second * 1_000_000
  return `${lastSecondText}${String(1_000_000 + rest).slice(1)}Z`
}

/** The headers of an audit record. */
export function cloudEventHeaders(header: FrameHeader): HeadersJson {
  const trace = header.trace === null ? '' : `,"traceparent":${JSON.stringify(header.trace)}`
  return `{"ce_id":"${header.eventId}","ce_source":${sourceJson(header.nodeId)},"ce_specversion":"1.0","ce_type":"sluice.audit.${header.kind}.v1","ce_time":"${isoMicros(header.time)}","ce_subject":"${header.sessionId}","ce_sequence":"${header.sequence}","content-type":"${AVRO_CONTENT_TYPE}"${trace}}`
}
