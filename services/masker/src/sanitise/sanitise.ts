// Sanitising of one event's payload: pure. What is not known to be harmless is withheld, and of what is withheld nothing
// leaves but its commitment and its length. Of an analysed request a judge knows what is sensitive in it; of any other
// one nothing is known, and only its shape is shown.

import { isUtf8 } from 'node:buffer'
import { type AuditSegment, isShowableClaim, type OpenedSegment, type Segment, type SegmentKind } from '@sluice/events'
import type { Detection } from '@sluice/mask'
import { countHoles, fillHoles, HOLE, judgeStatementText, runsOfHoles, type StatementText } from './statement-text.ts'
import type { JudgedValue, ValueJudge, ValueReason } from './value-judge.ts'

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
  | ValueReason

/** The kinds of which something may be shown where nothing is known of values: only these are opened. */
export const SHOWABLE_KINDS: ReadonlySet<SegmentKind> = new Set(['text', 'literal', 'claim'])
/** The same with a judge. */
export const JUDGED_KINDS: ReadonlySet<SegmentKind> = new Set([...SHOWABLE_KINDS, 'bind', 'result'])

export type SanitisedPayload = {
  readonly segments: readonly AuditSegment[]
  readonly text: string | null
  readonly claims: Readonly<Record<string, string>>
}

/** A segment as recorded, with what was opened of it; `opened` is null where it is withheld unseen. */
type Whole = {
  /** Number of its first segment. */
  readonly at: number
  readonly segments: readonly Segment[]
  readonly parts: readonly OpenedSegment[] | null
}

const LITERAL_HOLE = "'…'"
const COMMENT_HOLE = '/*…*/'
const MAX_SHOWN_DIGITS = 4
const INTEGER = /^[0-9]+$/
/** Each hides something more; a text in which it goes on so is not shown. */
const MAX_PASSES = 4

function withheld(segment: Segment, reason: WithheldReason, tag: string | null = null): AuditSegment {
  return { ...segment, disclosure: 'withheld', nonce: null, bytes: null, reason, tag }
}

function shown(segment: Segment, { nonce, bytes }: OpenedSegment): AuditSegment {
  return { ...segment, disclosure: 'shown', nonce, bytes, reason: null, tag: null }
}

function altered(segment: Segment, bytes: Buffer, reason: WithheldReason, tag: string | null = null): AuditSegment {
  return { ...segment, disclosure: 'altered', nonce: null, bytes, reason, tag }
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
    found.push({ at, segments: taken, parts: all })
    at += taken.length
  }
  return found
}

function textOf(parts: readonly OpenedSegment[]): string | null {
  const bytes = Buffer.concat(parts.map((part) => part.bytes))
  return isUtf8(bytes) ? bytes.toString('utf8') : null
}

type Hole = { readonly segments: readonly AuditSegment[]; readonly filling: string }

function sanitiseHole(whole: Whole, judge: ValueJudge | null): Hole {
  if (whole.segments[0]?.kind === 'comment') {
    return { segments: withholdWhole(whole, 'comment'), filling: COMMENT_HOLE }
  }
  if (judge !== null) return judgedHole(whole, judge)
  const value = whole.parts === null ? null : textOf(whole.parts)
  if (whole.parts !== null && value !== null && INTEGER.test(value) && value.length <= MAX_SHOWN_DIGITS) {
    return { segments: showWhole(whole, whole.parts), filling: value }
  }
  return { segments: withholdWhole(whole, 'literal'), filling: LITERAL_HOLE }
}

function judgedHole(whole: Whole, judge: ValueJudge): Hole {
  const [segment] = whole.segments
  const [part] = whole.parts ?? []
  // In parts it is too large to be shown, and its spans would count otherwise.
  if (segment === undefined || part === undefined || whole.segments.length > 1) {
    return { segments: withholdWhole(whole, 'literal'), filling: LITERAL_HOLE }
  }
  const judged = judge.value(whole.at, part)
  return { segments: [judgedSegment(segment, part, judged)], filling: fillingOf(part, judged) }
}

function judgedSegment(segment: Segment, part: OpenedSegment, judged: JudgedValue): AuditSegment {
  switch (judged.kind) {
    case 'shown':
      return shown(segment, part)
    case 'altered':
      return altered(segment, Buffer.from(judged.text), judged.reason, judged.tag)
    case 'withheld':
      return withheld(segment, judged.reason, judged.tag)
    default:
      return judged satisfies never
  }
}

function fillingOf({ bytes }: OpenedSegment, judged: JudgedValue): string {
  if (judged.kind === 'shown') return bytes.toString('utf8')
  return judged.kind === 'altered' ? judged.text : LITERAL_HOLE
}

/**
 * What is no value by itself may be one with its neighbours: an unquoted 078-05-1120 is three numbers. Null where something
 * is found in the text between the holes.
 */
function withholdFound(text: string, holes: readonly Hole[], judge: ValueJudge): readonly Hole[] | null {
  const pieces = text.split(HOLE)
  let kept = [...holes]
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const fillings = kept.map(({ filling }) => filling)
    const detections = judge.statement(fillHoles(text, fillings))
    let at = 0
    let next = 0
    let hidden = false
    const now = kept.map((hole, index): Hole => {
      const start = at + (pieces[index] as string).length
      at = start + hole.filling.length
      while ((detections[next]?.end ?? Number.POSITIVE_INFINITY) <= start) next++
      const found = detections[next]
      const isShown = hole.segments.some(({ disclosure }) => disclosure === 'shown')
      if (found === undefined || found.start >= at || !isShown) return hole
      hidden = true
      return { segments: hole.segments.map((segment) => hide(segment, 'detected', found.tag)), filling: LITERAL_HOLE }
    })
    if (!hidden) return detections.every((each) => overlapsHole(each, pieces, kept)) ? kept : null
    kept = now
  }
  return null
}

/** What is left of a value that is hidden is found by the words around it. */
function overlapsHole({ start, end }: Detection, pieces: readonly string[], holes: readonly Hole[]): boolean {
  let at = 0
  return holes.some(({ filling }, index) => {
    const from = at + (pieces[index] as string).length
    at = from + filling.length
    return from < end && start < at
  })
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
function sanitiseStatement(whole: Whole, holes: readonly Hole[], judge: ValueJudge | null): Statement {
  const text = whole.parts === null ? null : textOf(whole.parts)
  const isWhole = text !== null && countHoles(text) === holes.length && judge?.hasSpan(whole.at) !== true
  const judged = isWhole ? judgeStatementText(text) : null
  const readable = judged === null || judged.kind === 'unreadable' ? null : judged
  const kept = readable === null || text === null ? null : keptHoles(text, readable, holes, judge)
  if (whole.parts === null || text === null || readable === null || kept === null) {
    // Nobody knows what stood in its holes.
    const hidden = holes.map(({ segments, filling }) => ({
      segments: segments.map((segment) => hide(segment, 'unreadable-text')),
      filling,
    }))
    return { segments: withholdWhole(whole, 'unreadable-text'), holes: hidden, text: null }
  }
  const fillings = kept.map((hole) => hole.filling)
  if (readable.kind === 'shown') {
    return { segments: showWhole(whole, whole.parts), holes: kept, text: fillHoles(text, fillings) }
  }
  // The altered text stands in the first part: it can't be cut where the parts were.
  const bytes = Buffer.from(readable.text)
  const empty = Buffer.alloc(0)
  return {
    segments: whole.segments.map((segment, index) => altered(segment, index === 0 ? bytes : empty, 'name')),
    holes: kept,
    text: fillHoles(readable.text, fillings),
  }
}

/** Null where something is found between them. */
function keptHoles(
  text: string,
  readable: Exclude<StatementText, { kind: 'unreadable' }>,
  holes: readonly Hole[],
  judge: ValueJudge | null,
): readonly Hole[] | null {
  if (judge === null) return withholdLongRuns(text, holes)
  return withholdFound(readable.kind === 'shown' ? text : readable.text, holes, judge)
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

/** A parameter, or what was delivered. */
function sanitiseValue(whole: Whole, judge: ValueJudge): AuditSegment[] {
  const [segment] = whole.segments
  const [part] = whole.parts ?? []
  if (segment === undefined || part === undefined || whole.segments.length > 1) return withholdWhole(whole, 'too-large')
  if (segment.kind === 'bind') return [judgedSegment(segment, part, judge.value(whole.at, part))]
  if (judge.hasSpan(whole.at)) return withholdWhole(whole, 'tag')
  return [judgedSegment(segment, part, judge.result(part.bytes))]
}

/**
 * The payload of an SQL protocol's event. `opened` has an entry for each segment, null where it was not opened.
 * @param judge null where nothing is known of its values
 */
export function sanitiseSql(
  segments: readonly Segment[],
  opened: readonly (OpenedSegment | null)[],
  judge: ValueJudge | null = null,
): SanitisedPayload {
  const list = wholes(segments, opened)
  const out: AuditSegment[] = []
  const texts: string[] = []
  const claims: Record<string, string> = Object.create(null)
  for (let at = 0; at < list.length; ) {
    const whole = list[at++] as Whole
    const kind = whole.segments[0]?.kind
    if (kind === 'text') {
      const holes: Hole[] = []
      for (; isHole(list[at]); at++) holes.push(sanitiseHole(list[at] as Whole, judge))
      const statement = sanitiseStatement(whole, holes, judge)
      out.push(...statement.segments)
      for (const hole of statement.holes) out.push(...hole.segments)
      if (statement.text !== null) texts.push(statement.text)
    } else if (kind === 'claim') {
      const spanned = judge?.hasSpan(whole.at) === true
      out.push(...(spanned ? withholdWhole(whole, 'tag') : sanitiseClaim(whole, claims)))
    } else if (kind === 'literal' || kind === 'comment') {
      out.push(...withholdWhole(whole, kind))
    } else {
      out.push(...(judge === null ? withholdWhole(whole, 'no-tags') : sanitiseValue(whole, judge)))
    }
  }
  return { segments: out, text: texts.length === 0 ? null : texts.join('\n'), claims }
}

const isHole = (whole: Whole | undefined): boolean => {
  const kind = whole?.segments[0]?.kind
  return kind === 'literal' || kind === 'comment'
}

function hide(segment: AuditSegment, reason: WithheldReason, tag: string | null = null): AuditSegment {
  const { kind, label, length, commitment, part, parts } = segment
  return withheld({ kind, label, length, commitment, part, parts }, reason, tag)
}
