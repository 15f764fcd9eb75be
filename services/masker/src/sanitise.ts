// Sanitising of one event's payload until columns have tags: pure. What is not known to be harmless is withheld, and
// of what is withheld nothing leaves but its commitment and its length.

import { isUtf8 } from 'node:buffer'
import { type AuditSegment, isShowableClaim, type OpenedSegment, type Segment, type SegmentKind } from '@sluice/events'
import { countHoles, fillHoles, judgeStatementText, runsOfHoles } from './statement-text.ts'

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
const MAX_SHOWN_DIGITS = 4
const INTEGER = /^[0-9]+$/

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
    const all = complete && parts.every((part) => part !== null) ? parts : null
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
  if (whole.parts !== null && value !== null && INTEGER.test(value) && value.length <= MAX_SHOWN_DIGITS) {
    return { segments: showWhole(whole, whole.parts), filling: value }
  }
  return { segments: withholdWhole(whole, 'literal'), filling: LITERAL_HOLE }
}

/** What is shown of a run of numbers has to be short as a whole: an unquoted 078-05-1120 is three of them. */
function withholdLongRuns(text: string, holes: readonly Hole[]): Hole[] {
  const runs = runsOfHoles(text)
  const digits = new Map<number, number>()
  const isNumber = ({ filling }: Hole): boolean => INTEGER.test(filling)
  holes.forEach((hole, index) => {
    const run = runs[index] as number
    if (isNumber(hole)) digits.set(run, (digits.get(run) ?? 0) + hole.filling.length)
  })
  return holes.map((hole, index) => {
    if (!isNumber(hole) || (digits.get(runs[index] as number) ?? 0) <= MAX_SHOWN_DIGITS) return hole
    return { segments: hole.segments.map((segment) => hide(segment, 'literal')), filling: LITERAL_HOLE }
  })
}

type Statement = {
  readonly segments: readonly AuditSegment[]
  readonly holes: readonly Hole[]
  readonly text: string | null
}

/** A text with the literals and comments that were cut out of it. */
function sanitiseStatement(whole: Whole, holes: readonly Hole[]): Statement {
  const text = whole.parts === null ? null : textOf(whole.parts)
  const judged = text === null || countHoles(text) !== holes.length ? null : judgeStatementText(text)
  if (whole.parts === null || text === null || judged === null || judged.kind === 'unreadable') {
    // Nobody knows what stood in its holes.
    const hidden = holes.map(({ segments, filling }) => ({
      segments: segments.map((segment) => hide(segment, 'unreadable-text')),
      filling,
    }))
    return { segments: withholdWhole(whole, 'unreadable-text'), holes: hidden, text: null }
  }
  const short = withholdLongRuns(text, holes)
  const fillings = short.map((hole) => hole.filling)
  if (judged.kind === 'shown') {
    return { segments: showWhole(whole, whole.parts), holes: short, text: fillHoles(text, fillings) }
  }
  // The altered text stands in the first part: it can't be cut where the parts were.
  const bytes = Buffer.from(judged.text)
  const empty = Buffer.alloc(0)
  return {
    segments: whole.segments.map((segment, index) => altered(segment, index === 0 ? bytes : empty, 'name')),
    holes: short,
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
      for (const hole of statement.holes) out.push(...hole.segments)
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

function hide(segment: AuditSegment, reason: WithheldReason): AuditSegment {
  const { kind, label, length, commitment, part, parts } = segment
  return withheld({ kind, label, length, commitment, part, parts }, reason)
}
