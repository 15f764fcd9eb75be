// A row that the database refused would stop every row behind it, so no event may give one.

import type { Audit } from '@sluice/events'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventParts, subjects } from '../../../../packages/events/src/arbitraries.ts'
import { audit, idOf, SESSION_START_MICROS } from '../audit.fixture.ts'
import { startTestEngine, type TestEngine } from '../index.fixture.ts'
import { ClickHouseIndex } from '../ingest/index-store.ts'
import { foldBlock } from './fold-block.ts'

let test: TestEngine
beforeAll(async () => {
  test = await startTestEngine()
})
afterAll(() => test.close())

/** Any UTF-16, lone surrogates and control characters too. */
const anyText = fc.string({ unit: 'binary', maxLength: 40 })
const times = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER))

const audits: fc.Arbitrary<Audit> = fc
  .record({
    part: eventParts,
    subject: subjects,
    text: fc.option(anyText, { nil: null }),
    other: anyText,
    time: times,
    isUnsanitised: fc.boolean(),
  })
  .map(({ part, subject, text, other, time, isUnsanitised }) => {
    const {
      segments: _,
      sensitiveSpans: __,
      context: ___,
      requestId,
      ...header
    } = part as Partial<typeof part> & { segments: unknown; sensitiveSpans: unknown; context: unknown }
    const base = audit(JSON.stringify([other, time]), 0, { kind: 'finished' })
    return {
      ...base,
      header: {
        ...base.header,
        ...header,
        subject,
        time,
        connection: other,
        protocol: other,
        nodeId: other,
        requestId: requestId ? idOf(requestId) : null,
      },
      text,
      claims: { [other]: other, application_name: other, user: other },
      unsanitised: isUnsanitised,
    }
  })

it('every event gives rows that the database takes', { timeout: 60_000 }, async () => {
  let offset = 0
  await fc.assert(
    fc.asyncProperty(fc.array(audits, { minLength: 1, maxLength: 40 }), async (events) => {
      const first = offset
      const records = events.map((event, index) => ({
        topic: 'poison',
        partition: 0,
        time: SESSION_START_MICROS,
        offset: offset++,
        value: Buffer.from([index]),
        headers: '{"a":"\ud800"}',
        audit: {
          ...event,
          header: { ...event.header, sessionId: idOf('session', offset), eventId: idOf('event', offset) },
        },
      }))
      const { rows } = foldBlock(records, new Map())
      await new ClickHouseIndex(test.client).insert(
        { topic: 'poison', partition: 0, first, last: offset - 1, digest: '' },
        rows,
      )
    }),
    { numRuns: 25 },
  )
  expect(await test.rows('SELECT toUInt32(count()) AS n FROM events')).toEqual([{ n: offset }])
})
