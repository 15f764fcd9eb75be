// Arbitrary events for the property tests of this package and of the masker. Used by tests only.

import fc from 'fast-check'
import type { FrameHeader, Outcome, RecordedDecision, SegmentKind, Subject } from './frame.ts'
import type { EventPart } from './frame-recorder.ts'
import type { RawSegment } from './segments.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 80 })
const optionalText = fc.option(text, { nil: null })
/** Avro's zigzag of a number takes a bit of the 53. */
const count = fc.nat({ max: 2 ** 52 - 1 })

export const subjects: fc.Arbitrary<Subject> = fc.record({
  issuer: fc.webUrl(),
  id: text,
  kind: fc.constantFrom('human', 'agent', 'service'),
  groups: fc.array(text, { maxLength: 3 }),
  onBehalfOf: optionalText,
})

const decisions: fc.Arbitrary<RecordedDecision> = fc.record({
  effect: fc.constantFrom('permit', 'deny', 'pending'),
  policyIds: fc.array(text, { maxLength: 3 }),
  policyVersion: text,
  reasonCode: optionalText,
  approvalId: optionalText,
  grantId: optionalText,
})

const outcomes: fc.Arbitrary<Outcome> = fc.record({
  status: fc.constantFrom('ok', 'error', 'refused', 'cancelled', 'skipped', 'interrupted'),
  code: optionalText,
  rows: count,
  bytes: count,
  durationMicros: count,
})

const touches: fc.Arbitrary<FrameHeader['touches'][number]> = fc.record({
  object: text,
  column: text,
  tag: optionalText,
  how: fc.constantFrom('output', 'compare', 'sort', 'write'),
})

const segmentKinds: fc.Arbitrary<SegmentKind> = fc.constantFrom('text', 'literal', 'comment', 'bind', 'result', 'claim')

export const rawSegments: fc.Arbitrary<RawSegment> = fc.record({
  kind: segmentKinds,
  label: fc.constantFrom('', 'null', 'binary', 'application_name', 'é'),
  bytes: fc.uint8Array({ maxLength: 2_500 }).map((bytes) => Buffer.from(bytes)),
})

/** An event in the middle of a session: without session key and closing. */
export const eventParts: fc.Arbitrary<EventPart> = fc.record({
  kind: fc.constantFrom('request', 'approval_used', 'response', 'finished'),
  direction: fc.constantFrom('none', 'to_upstream', 'to_client'),
  operation: text,
  requestId: optionalText,
  actions: fc.array(text, { maxLength: 3 }),
  resources: fc.array(text, { maxLength: 3 }),
  touches: fc.array(touches, { maxLength: 3 }),
  fingerprint: optionalText,
  decision: fc.option(decisions, { nil: null }),
  obligations: fc.array(fc.record({ kind: text, tag: text, count }), { maxLength: 2 }),
  outcome: fc.option(outcomes, { nil: null }),
  clientAddress: optionalText,
  trace: optionalText,
  segments: fc.array(rawSegments, { maxLength: 5 }),
  sensitiveSpans: fc.array(fc.record({ segment: fc.nat({ max: 9 }), start: fc.nat(), end: fc.nat(), tag: text }), {
    maxLength: 2,
  }),
  context: optionalText,
})
