// Sanitising of one event's payload until columns have tags: pure. What is not known to be harmless is withheld, and
// of what is withheld nothing leaves but its commitment and its length.

import { isUtf8 } from 'node:buffer'
import { type AuditSegment, isShowableClaim, type OpenedSegment, type Segment, type SegmentKind } from '@sluice/events'
import { countHoles, fillHoles, judgeStatementText } from './statement-text.ts'

/** Why a segment is withheld or altered: stable codes, for readers and for the index. */
export type WithheldReason =
  | 'no-tags'
  | 'literal'
  | 'comment'
  | 'name'
  | 'claim'
  | 'unreadable-text'
  | 'no-rules'
  | 'too-large'
  | 'unsanitised'

/** The kinds of which something may be shown: only these are opened. */
export const SHOWABLE_KINDS: ReadonlySet<SegmentKind> = new Set(['text', 'literal', 'claim'])

export type SanitisedPayload = {
  readonly segments: readonly AuditSegment[]
  readonly text: string | null
  readonly claims: Readonly<Record<string, string>>
}

/** A segment as recorded, with what was opened of it; `opened` is null where it is withheld unseen. */
type Whole = { readonly segments: readonly Segment[]; readonly parts: readonly OpenedSegment[] | null }

const LITERAL_HOLE = "'…'"
const COMMENT_HOLE = '/*…*/'
const SHORT_INTEGER = /^[0-9]{1,4}$/

function withheld(segment: Segment, reason: WithheldReason): AuditSegment {
  return { ...segment, disclosure: 'withheld', nonce: null, bytes: null, reason, tag: null }
}

function shown(segment: Segment, { nonce, bytes }: OpenedSegment): AuditSegment {
  return { ...segment, disclosure: 'shown', nonce, bytes, reason: null, tag: null }
}

function altered(segment: Segment, bytes: Buffer, reason: WithheldReason): AuditSegment {
  return { ...segment, disclosure: 'altered', nonce: null, bytes, reason, tag: null }
}

const withholdWhole = (whole: Whole, reason: WithheldReason): AuditSegment[] =>
  whole.segments.map((segment) => withheld(segment, reason))

const showWhole = (whole: Whole, parts: readonly OpenedSegment[]): AuditSegment[] =>
  whole.segments.map((segment, index) => shown(segment, parts[index] as OpenedSegment))

/** Everything withheld: what remains of an event whose payload could not be opened or checked. */
export function withholdAll(segments: readonly Segment[], reason: WithheldReason): SanitisedPayload {
  return { segments: segments.map((segment) => withheld(segment, reason)), text: null, claims: {} }
}

/** Numbered parts of one segment are judged as one. A run that is not complete stays in pieces, and is not opened. */
function wholes(segments: readonly Segment[], opened: readonly (OpenedSegment | null)[]): Whole[] {
  const found: Whole[] = []
  for (let at = 0; at < segments.length; ) {
    const first = segments[at] as Segment
    const run = segments.slice(at, at + Math.max(1, first.parts))
    const complete =
      run.length === first.parts &&
      run.every((part, index) => part.kind === first.kind && part.parts === first.parts && part.part === index)
    const taken = complete ? run : [first]
    const parts = opened.slice(at, at + taken.length)
    const all = complete && parts.every((part) => part !== null) ? (parts as OpenedSegment[]) : null
    found.push({ segments: taken, parts: all })
    at += taken.length
  }
  return found
}

function textOf(parts: readonly OpenedSegment[]): string | null {
  const bytes = Buffer.concat(parts.map((part) => part.bytes))
  return isUtf8(bytes) ? bytes.toString('utf8') : null
}

type Hole = { readonly segments: readonly AuditSegment[]; readonly filling: string }

function sanitiseHole(whole: Whole): Hole {
  if (whole.segments[0]?.kind === 'comment') {
    return { segments: withholdWhole(whole, 'comment'), filling: COMMENT_HOLE }
  }
  const value = whole.parts === null ? null : textOf(whole.parts)
  if (whole.parts !== null && value !== null && SHORT_INTEGER.test(value)) {
    return { segments: showWhole(whole, whole.parts), filling: value }
  }
  return { segments: withholdWhole(whole, 'literal'), filling: LITERAL_HOLE }
}

type Statement = { readonly segments: readonly AuditSegment[]; readonly text: string | null }

/** A text with the literals and comments that were cut out of it. */
function sanitiseStatement(whole: Whole, holes: readonly Hole[]): Statement {
  const text = whole.parts === null ? null : textOf(whole.parts)
  const judged = text === null || countHoles(text) !== holes.length ? null : judgeStatementText(text)
  if (whole.parts === null || text === null || judged === null || judged.kind === 'unreadable') {
    return { segments: withholdWhole(whole, 'unreadable-text'), text: null }
  }
  const fillings = holes.map((hole) => hole.filling)
  if (judged.kind === 'shown') return { segments: showWhole(whole, whole.parts), text: fillHoles(text, fillings) }
  // The altered text stands in the first part: it can't be cut where the parts were.
  const bytes = Buffer.from(judged.text)
  const empty = Buffer.alloc(0)
  return {
    segments: whole.segments.map((segment, index) => altered(segment, index === 0 ? bytes : empty, 'name')),
    text: fillHoles(judged.text, fillings),
  }
}

function sanitiseClaim(whole: Whole, claims: Record<string, string>): AuditSegment[] {
  const value = whole.parts === null ? null : textOf(whole.parts)
  const name = whole.segments[0]?.label ?? ''
  if (whole.parts === null || value === null || !isShowableClaim(value) || !isShowableClaim(name)) {
    return withholdWhole(whole, 'claim')
  }
  claims[name] = value
  return showWhole(whole, whole.parts)
}

/** The payload of an SQL protocol's event. `opened` has an entry for each segment, null where it was not opened. */
export function sanitiseSql(segments: readonly Segment[], opened: readonly (OpenedSegment | null)[]): SanitisedPayload {
  const list = wholes(segments, opened)
  const out: AuditSegment[] = []
  const texts: string[] = []
  const claims: Record<string, string> = Object.create(null)
  for (let at = 0; at < list.length; ) {
    const whole = list[at++] as Whole
    const kind = whole.segments[0]?.kind
    if (kind === 'text') {
      const holes: Hole[] = []
      for (; isHole(list[at]); at++) holes.push(sanitiseHole(list[at] as Whole))
      const statement = sanitiseStatement(whole, holes)
      out.push(...statement.segments)
      // Where the text can't be read nobody knows what stood in its holes.
      for (const hole of holes) out.push(...(statement.text === null ? hole.segments.map(hide) : hole.segments))
      if (statement.text !== null) texts.push(statement.text)
    } else if (kind === 'claim') {
      out.push(...sanitiseClaim(whole, claims))
    } else if (kind === 'literal' || kind === 'comment') {
      out.push(...withholdWhole(whole, kind))
    } else {
      out.push(...withholdWhole(whole, 'no-tags'))
    }
  }
  return { segments: out, text: texts.length === 0 ? null : texts.join('\n'), claims }
}

const isHole = (whole: Whole | undefined): boolean => {
  const kind = whole?.segments[0]?.kind
  return kind === 'literal' || kind === 'comment'
}

function hide(segment: AuditSegment): AuditSegment {
  const { kind, label, length, commitment, part, parts } = segment
  return withheld({ kind, label, length, commitment, part, parts }, 'unreadable-text')
}
