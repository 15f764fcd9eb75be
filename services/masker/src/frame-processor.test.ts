import type { EventPart, RawSegment } from '@sluice/events'
import { detectors } from '@sluice/mask'
import { afterEach, describe, expect, it } from 'vitest'
import type { TagsKnown } from './frame-processor.ts'
import { Node, opened } from './masker.fixture.ts'
import { ANALYSED, COLUMNS, completed, dataRow, rowDescription, VIEW } from './sanitise/judged.fixture.ts'
import type { SeenValue } from './sanitise/value-judge.ts'

const RESULT = Buffer.concat([rowDescription(...COLUMNS), dataRow('1', 'Ann', 'a****@example.com', null), completed])
const FOUND = Buffer.concat([rowDescription(...COLUMNS), dataRow('1', 'ann@example.com', null, null), completed])

let node: Node

afterEach(() => node.stop())

const seen: SeenValue[] = []
const KNOWN: TagsKnown = {
  view: (connection) => (connection === 'shop' ? VIEW : null),
  detectors: () => detectors({ detectors: [] }),
  onSeen: (_header, _view, values) => void seen.push(...values),
}

const statement: readonly RawSegment[] = [
  { kind: 'text', label: 'sql', bytes: Buffer.from('select * from customers where ssn = \0 and city = \0') },
  { kind: 'literal', label: 'string', bytes: Buffer.from("'123-45-6789'") },
  { kind: 'literal', label: 'string', bytes: Buffer.from("'Bonn'") },
]

const finished = (result: Buffer, obligations: EventPart['obligations'] = [ANALYSED]): EventPart => ({
  kind: 'finished',
  direction: 'to_client',
  operation: 'Query',
  obligations: obligations ?? [],
  touches: [{ object: 'public.customers', column: 'email', tag: 'pii.email', how: 'output' }],
  sensitiveSpans: [{ segment: 1, start: 0, end: 13, tag: 'pii.ssn' }],
  segments: [...statement, { kind: 'result', label: '', bytes: result }],
})

/** What becomes of an event behind the opening of its session: its text, and how each segment is disclosed. */
async function audited(part: EventPart, tags: TagsKnown = KNOWN) {
  node = await Node.start()
  seen.length = 0
  const { recorder } = await node.session()
  await node.append([opened, part].map((each) => recorder.record(each)))
  await node.mask(undefined, undefined, tags)
  const audit = (await node.audits())[1]
  return {
    text: audit?.text,
    segments: audit?.segments.map(({ disclosure, reason }) => (disclosure === 'shown' ? disclosure : reason)),
    unsanitised: audit?.unsanitised,
  }
}

const MASKED = { kind: 'mask', tag: 'pii.email', count: 1 }

describe('an event of an analysed request', () => {
  it('is shown with its values and its result, but for what is sensitive', async () => {
    expect(await audited(finished(RESULT, [ANALYSED, MASKED]))).toEqual({
      text: "select * from customers where ssn = [pii.ssn] and city = 'Bonn'",
      segments: ['shown', 'tag', 'shown', 'shown'],
      unsanitised: false,
    })
    expect(seen).toEqual([])
  })

  it('is withheld where the detectors find something, and tells it', async () => {
    const { segments } = await audited(finished(FOUND, [ANALYSED, MASKED]))
    expect(segments).toEqual(['shown', 'tag', 'shown', 'detected'])
    expect(seen.map(({ column, detection }) => [column?.name, detection.tag])).toEqual([['name', 'pii.email']])
  })

  it('shows nothing of a result that goes on, but looks at it', async () => {
    const part: EventPart = {
      kind: 'response',
      direction: 'to_client',
      operation: 'Query',
      obligations: [ANALYSED],
      segments: [{ kind: 'result', label: '', bytes: FOUND }],
    }
    expect(await audited(part)).toMatchObject({ segments: ['too-large'] })
    expect(seen).toHaveLength(1)
  })
})

describe('an event is withheld as if nothing were known', () => {
  const SHAPE = {
    text: "select * from customers where ssn = '…' and city = '…'",
    segments: ['shown', 'literal', 'literal', 'no-tags'],
    unsanitised: false,
  }

  it.each<readonly [string, EventPart, TagsKnown]>([
    ['where it was not analysed', finished(RESULT, [MASKED]), KNOWN],
    [
      'where its subject saw it in clear',
      finished(RESULT, [ANALYSED, { kind: 'reveal', tag: 'all', count: 1 }]),
      KNOWN,
    ],
    ['where there is no plan', finished(RESULT), { ...KNOWN, view: () => null }],
    ['where there are no rules', finished(RESULT), { ...KNOWN, detectors: () => null }],
  ])('%s', async (_what, part, tags) => {
    expect(await audited(part, tags)).toEqual(SHAPE)
    expect(seen).toEqual([])
  })

  it('where a part of it was split', async () => {
    const large: RawSegment = { kind: 'literal', label: 'string', bytes: Buffer.alloc(300_000, 'a') }
    const part = finished(RESULT, [ANALYSED, MASKED])
    const text: RawSegment = { kind: 'text', label: 'sql', bytes: Buffer.from('insert into t values (\0, \0, \0)') }
    const segments = [text, large, ...statement.slice(1)]
    expect((await audited({ ...part, segments })).segments).toEqual([
      'shown',
      'literal',
      'literal',
      'literal',
      'literal',
    ])
  })
})
