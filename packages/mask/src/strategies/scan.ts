// A field of free text: what the detectors find in it is replaced, or the value goes as a whole where its type allows no
// less. What can't be looked into is masked.

import type { Detectors, ScanContext, TextSyntax } from '../detectors/detection.ts'
import type { MaskedOutput } from '../lineage/mask-decision.ts'
import { REDACTED } from './placeholders.ts'
import { constantFor, type FieldFormat } from './redact.ts'
import { byteaHolds } from './scanned-bytes.ts'
import { maskJson, maskPlain, maskXml } from './scanned-text.ts'
import { ARRAY_ELEMENTS, isPlainText } from './type-constants.ts'

type Scan = (bytes: Buffer, start: number, end: number) => Buffer | null | undefined

/** Longer values are masked without being looked at: one of them must not hold up all sessions. */
const MAX_SCANNED_BYTES = 2 ** 22

const JSON_TYPE = 114
const XML_TYPE = 142
const JSONB_TYPE = 3802
const BYTEA_TYPE = 17
const JSONB_VERSION = 1

const syntaxOf = (type: number): TextSyntax | null => {
  if (isPlainText(type)) return 'plain'
  if (type === JSON_TYPE || type === JSONB_TYPE) return 'json'
  return type === XML_TYPE ? 'xml' : null
}

const masked = {
  plain: maskPlain,
  json: maskJson,
  xml: maskXml,
}

/** Text, JSON and XML: only what is found. */
const scanText =
  (detectors: Detectors, context: ScanContext & { readonly syntax: TextSyntax }, whole: Buffer | null): Scan =>
  (bytes, start, end) => {
    const found = detectors.scanBytes(bytes, start, end, context)
    if (found === null) return undefined
    const text = masked[context.syntax](found.text, found.detections)
    return text === null ? whole : Buffer.from(text)
  }

const scanJsonb =
  (scanJson: Scan, whole: Buffer | null): Scan =>
  (bytes, start, end) => {
    if (bytes[start] !== JSONB_VERSION || start >= end) return whole
    const text = scanJson(bytes, start + 1, end)
    if (text === undefined || text === whole) return text
    return text === null ? null : Buffer.concat([bytes.subarray(start, start + 1), text])
  }

/** `{"a \"b\"",c}`: with what its reader sees instead of the escapes. */
const scanArrayText =
  (detectors: Detectors, context: ScanContext, whole: Buffer | null): Scan =>
  (bytes, start, end) => {
    if (!detectors.mayHold(bytes, start, end)) return undefined
    const text = bytes.toString('utf8', start, end).replace(/\\(.)/gs, '$1')
    return detectors.scan(text, context).length === 0 ? undefined : whole
  }

const MAX_DIMENSIONS = 6
const ARRAY_HEAD_BYTES = 12
const DIMENSION_BYTES = 8

const scanArrayBinary =
  (scan: Scan, elementType: number, whole: Buffer | null): Scan =>
  (bytes, start, end) => {
    if (end - start < ARRAY_HEAD_BYTES || bytes.readInt32BE(start + 8) !== elementType) return whole
    const dimensions = bytes.readInt32BE(start)
    if (dimensions < 0 || dimensions > MAX_DIMENSIONS) return whole
    let at = start + ARRAY_HEAD_BYTES + dimensions * DIMENSION_BYTES
    while (at + 4 <= end) {
      const length = bytes.readInt32BE(at)
      at += 4
      if (length === -1) continue
      if (length < 0 || at + length > end) return whole
      if (scan(bytes, at, at + length) !== undefined) return whole
      at += length
    }
    return at === end ? undefined : whole
  }

const scanElement = (
  type: number,
  format: FieldFormat,
  detectors: Detectors,
  columnName: string,
  whole: Buffer | null,
): Scan | null => {
  const syntax = syntaxOf(type)
  if (syntax !== null) {
    const scan = scanText(detectors, { columnName, syntax }, whole)
    return type === JSONB_TYPE && format === 'binary' ? scanJsonb(scan, whole) : scan
  }
  if (type !== BYTEA_TYPE) return null
  return (bytes, start, end) =>
    byteaHolds({ bytes, start, end, format }, detectors, { columnName }) ? whole : undefined
}

const scanArray = (
  type: number,
  format: FieldFormat,
  detectors: Detectors,
  columnName: string,
  whole: Buffer | null,
): Scan | null => {
  const elementType = ARRAY_ELEMENTS.get(type)
  if (elementType === undefined) return null
  if (format === 'text') {
    const syntax = syntaxOf(elementType)
    return syntax === null ? null : scanArrayText(detectors, { columnName, syntax }, whole)
  }
  const scan = scanElement(elementType, format, detectors, columnName, whole)
  return scan === null ? null : scanArrayBinary(scan, elementType, whole)
}

/** The column's own name, and the one that the statement gives it, are words beside each of its values. */
const namesOf = ({ name, sources }: MaskedOutput): string =>
  [...new Set([name, ...sources.map((source) => source.name.slice(source.name.lastIndexOf('.') + 1))])].join(' ')

/** What happens to each value of a scanned output. A type without text in it is masked always. */
export function scanOf(output: MaskedOutput, format: FieldFormat, detectors: Detectors): Scan {
  const { type } = output
  const whole = constantFor(type, format, REDACTED)
  const names = namesOf(output)
  const scan = scanElement(type, format, detectors, names, whole) ?? scanArray(type, format, detectors, names, whole)
  if (scan === null) return () => whole
  return (bytes, start, end) => (end - start > MAX_SCANNED_BYTES ? whole : scan(bytes, start, end))
}
