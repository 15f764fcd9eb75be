// What of an analysed request's values and result may be shown. First what the tree told: values that stand for a
// sensitive column are cut out. Then the detectors, over all that would be shown.

import { type FrameHeader, isShowableName, type OpenedSegment, type SensitiveSpan } from '@sluice/events'
import { type Detection, type Detectors, FIRST_USER_ID, type PlanView, placeholderFor, type Tag } from '@sluice/mask'
import { fieldTexts, looseText } from './field-text.ts'
import { type ResultColumn, type ResultMessage, readResult } from './result-messages.ts'

/** Longer values are withheld: an audit record is for reading. */
export const MAX_SHOWN_VALUE_BYTES = 4_096
export const MAX_SHOWN_RESULT_BYTES = 65_536
const MAX_SEEN = 1_000

export type ValueReason = 'tag' | 'detected' | 'binary' | 'too-large' | 'literal' | 'name' | 'revealed' | 'result'

export type JudgedValue =
  | { readonly kind: 'shown' }
  /** `text` is what may be read of it. */
  | { readonly kind: 'altered'; readonly reason: ValueReason; readonly tag: Tag; readonly text: string }
  | { readonly kind: 'withheld'; readonly reason: ValueReason; readonly tag: Tag | null }

/** Sensitive data where the plan has none. */
export type SeenValue = {
  /** Null where it is not a column of a result: a literal or parameter. */
  readonly column: ResultColumn | null
  readonly detection: Detection
  readonly value: string
}

export type ValueJudgeParts = {
  readonly header: FrameHeader
  readonly spans: readonly SensitiveSpan[]
  readonly view: PlanView
  readonly detectors: Detectors
}

const SHOWN: JudgedValue = { kind: 'shown' }
/** What PostgreSQL calls an output that has no name. */
export const UNNAMED = '?column?'
/** What a touch says of free text. */
const SCANNED_TOUCH = 'scanned'

const withheld = (reason: ValueReason, tag: Tag | null = null): JudgedValue => ({ kind: 'withheld', reason, tag })

/**
 * Whether its spans are all that is sensitive in a request, and its result was masked by what was found out about it. An
 * event without that is judged as if nothing were known.
 */
export function isAnalysed({ obligations }: FrameHeader): boolean {
  return (
    obligations.some(({ kind, tag }) => kind === 'analysed' && tag === 'lineage') &&
    !obligations.some(({ kind }) => kind === 'reveal')
  )
}

export class ValueJudge {
  readonly #parts: ValueJudgeParts
  readonly #spans: ReadonlyMap<number, readonly Tag[]>
  readonly #seen: SeenValue[] = []

  constructor(parts: ValueJudgeParts) {
    this.#parts = parts
    this.#spans = new Map(
      [...Map.groupBy(parts.spans, ({ segment }) => segment)].map(([segment, spans]) => [
        segment,
        spans.map(({ tag }) => tag),
      ]),
    )
  }

  /** The plan that it judges by. */
  get view(): PlanView {
    return this.#parts.view
  }

  /** What the detectors found where the plan has no tag. */
  get seen(): readonly SeenValue[] {
    return this.#seen
  }

  hasSpan(segment: number): boolean {
    return this.#spans.has(segment)
  }

  /** A literal or a parameter, by the number of its segment. */
  value(segment: number, { kind, label, bytes }: OpenedSegment): JudgedValue {
    const [tag, ...more] = this.#spans.get(segment) ?? []
    if (tag !== undefined) return { kind: 'altered', reason: 'tag', tag, text: placeholderFor(tag, ...more) }
    if (bytes.length > MAX_SHOWN_VALUE_BYTES) return withheld('too-large')
    const texts = looseText(bytes)
    if (texts === null) return withheld(kind === 'literal' ? 'literal' : 'binary')
    const [first] = texts
    // The server reads its escapes, and a binary parameter by its type: what they say is not what stands there.
    if (kind === 'literal' && ESCAPING.test(first?.text ?? '')) return withheld('literal')
    if (label === 'binary' && !isWords(first?.text ?? '')) return withheld('binary')
    for (const { text, syntax } of texts) {
      const detections = this.#parts.detectors.scan(text, { syntax })
      const [found] = detections
      if (found === undefined) continue
      this.#note(null, found, text)
      if (text !== first?.text || syntax !== 'plain') return withheld('detected', found.tag)
      return { kind: 'altered', reason: 'detected', tag: found.tag, text: replaced(text, detections) }
    }
    return SHOWN
  }

  /** What the detectors find in a statement whose holes are filled: what is none by itself may be one with its neighbours. */
  statement(text: string): readonly Detection[] {
    return this.#parts.detectors.scan(text)
  }

  /** A result, or the last part of one. */
  result(bytes: Buffer): JudgedValue {
    if (bytes.length > MAX_SHOWN_RESULT_BYTES) return withheld('too-large')
    const messages = readResult(bytes)
    if (messages === null) return withheld('result')
    const judged = this.#messages(messages)
    if (judged.kind !== 'shown') return judged
    const hasData = messages.some((message) => message.kind === 'row' || (message.kind === 'text' && message.data))
    return !hasData || this.#isMasked() ? SHOWN : withheld('revealed')
  }

  /** The beginning of a result that goes on: it is not shown, but looked at. */
  beginning(bytes: Buffer): void {
    const messages = readResult(bytes)
    if (messages?.some(({ kind }) => kind === 'columns') === true) this.#messages(messages)
  }

  #messages(messages: readonly ResultMessage[]): JudgedValue {
    let columns: readonly ResultColumn[] | null = null
    let objection: JudgedValue = SHOWN
    const object = (judged: JudgedValue): void => {
      if (objection.kind === 'shown') objection = judged
    }
    for (const message of messages) {
      switch (message.kind) {
        case 'columns':
          columns = message.columns
          for (const { name } of columns) {
            object(this.#text(null, looseText(Buffer.from(name))))
            // In the statement's text such a name is left out.
            if (name !== UNNAMED && !isShowableName(name)) object(withheld('name'))
          }
          break
        case 'row':
          object(this.#row(message.fields, columns))
          break
        case 'text':
          object(
            this.#text(null, looseText(Buffer.from(message.bytes.toString('latin1').replaceAll('\0', '\n'), 'latin1'))),
          )
          break
        case 'protocol':
          break
        default:
          message satisfies never
      }
    }
    return objection
  }

  #row(fields: readonly (Buffer | null)[], columns: readonly ResultColumn[] | null): JudgedValue {
    if (columns !== null && columns.length !== fields.length) return withheld('result')
    let objection: JudgedValue = SHOWN
    for (const [index, field] of fields.entries()) {
      if (field === null) continue
      const column = columns?.[index] ?? null
      const judged = column === null ? this.#text(null, looseText(field)) : this.#field(field, column)
      if (objection.kind === 'shown') objection = judged
    }
    return objection
  }

  #field(bytes: Buffer, column: ResultColumn): JudgedValue {
    const { relid, attno } = column
    if (relid >= FIRST_USER_ID && this.#parts.view.column(relid, attno) === undefined) return withheld('result')
    // Also where it is tagged: the plan may be newer than the result, and what masks leave is nothing that they find.
    return this.#text(column, fieldTexts(bytes, column))
  }

  #text(column: ResultColumn | null, texts: ReturnType<typeof looseText>): JudgedValue {
    if (texts === null) return withheld('binary')
    for (const { text, syntax } of texts) {
      const context = column === null ? { syntax } : { syntax, columnName: column.name }
      const [found] = this.#parts.detectors.scan(text, context)
      if (found === undefined) continue
      if (column !== null) this.#note(column, found, text)
      return withheld('detected', found.tag)
    }
    return SHOWN
  }

  #note(column: ResultColumn | null, detection: Detection, value: string): void {
    const { view } = this.#parts
    const verdict = column === null ? undefined : view.column(column.relid, column.attno)?.verdict
    // In a tagged or scanned column it is no news.
    if ((verdict ?? 'clean') === 'clean' && this.#seen.length < MAX_SEEN) this.#seen.push({ column, detection, value })
  }

  /** Each sensitive column in the output was masked by one of its tags: a subject may see some tags, and others not. */
  #isMasked(): boolean {
    const { touches, obligations } = this.#parts.header
    // It tells every table that it reads, be it for clean columns: without any, nobody knows where its rows are from.
    if (touches.length === 0) return false
    const masked = new Set(obligations.filter(({ kind }) => kind === 'mask').map(({ tag }) => tag))
    const shown = touches.filter(({ how, tag }) => how === 'output' && tag !== null && tag !== SCANNED_TOUCH)
    const columns = Map.groupBy(shown, ({ object, column }) => `${object} ${column}`)
    return [...columns.values()].every((tags) => tags.some(({ tag }) => tag !== null && masked.has(tag)))
  }
}

const ESCAPING = /\\|^u&/i

/** Letters, digits and what stands between words: no number in binary form looks so. */
const isWords = (text: string): boolean => /^[\p{L}\p{N}\p{P}\p{Zs}\n\t]*$/u.test(text) && text.length > 8

function replaced(text: string, detections: readonly Detection[]): string {
  let left = ''
  let at = 0
  for (const { start, end, tag } of detections) {
    left += text.slice(at, start) + placeholderFor(tag)
    at = end
  }
  return left + text.slice(at)
}
