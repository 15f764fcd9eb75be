// What a reader of a value sees: the texts that detectors have to look at. Null where nobody here can say.

import { isUtf8 } from 'node:buffer'
import type { TextSyntax } from '@sluice/mask'
import type { ResultColumn } from './result-messages.ts'

export type FieldText = { readonly text: string; readonly syntax: TextSyntax }

const NONE: readonly FieldText[] = []

const JSON_TYPES: ReadonlySet<number> = new Set([114, 3802])
const XML = 142
const JSONB = 3802
const BYTEA = 17
const INTEGERS: Readonly<Record<number, number>> = { 21: 2, 23: 4, 20: 8, 26: 4 }
const FLOATS: Readonly<Record<number, number>> = { 700: 4, 701: 8 }
/** bool, uuid, date, time, timestamp, timestamptz, timetz, interval, "char": nothing in them that a detector knows. */
const SILENT: ReadonlySet<number> = new Set([16, 2950, 1082, 1083, 1114, 1184, 1266, 1186, 18])
const TEXTS: ReadonlySet<number> = new Set([25, 1043, 1042, 19, 705, 114, 142])

/** No text of a person's has them; numbers in binary form do. */
const CONTROLS = /[^\P{Cc}\t\n\r]/u
const ESCAPE = /\\u[0-9a-fA-F]/
const MARKUP = /&#?\w{1,32};/
const HEX_BYTES = /^\\x(?:[0-9a-fA-F]{2})*$/

/** A value of which nothing is known but its bytes. */
export function looseText(bytes: Buffer): readonly FieldText[] | null {
  const text = textOf(bytes)
  if (text === null) return null
  const plain: FieldText = { text, syntax: 'plain' }
  const hex = HEX_BYTES.test(text) ? textOf(Buffer.from(text.slice(2), 'hex')) : text
  return [
    plain,
    ...(ESCAPE.test(text) ? [{ text, syntax: 'json' } as const] : []),
    ...(MARKUP.test(text) ? [{ text, syntax: 'xml' } as const] : []),
    ...(hex === null || hex === text ? [] : [{ text: hex, syntax: 'plain' } as const]),
  ]
}

export function fieldTexts(bytes: Buffer, { type, format }: ResultColumn): readonly FieldText[] | null {
  if (format === 'text') return type === BYTEA && !HEX_BYTES.test(bytes.toString('latin1')) ? null : looseText(bytes)
  if (SILENT.has(type)) return NONE
  if (TEXTS.has(type)) return type === XML || JSON_TYPES.has(type) ? syntaxText(bytes, type) : looseText(bytes)
  if (type === JSONB) return bytes[0] === 1 ? syntaxText(bytes.subarray(1), type) : null
  const number = numberText(bytes, type)
  return number === null ? null : [{ text: number, syntax: 'plain' }]
}

function syntaxText(bytes: Buffer, type: number): readonly FieldText[] | null {
  const text = textOf(bytes)
  if (text === null) return null
  return [
    { text, syntax: 'plain' },
    { text, syntax: type === XML ? 'xml' : 'json' },
  ]
}

function numberText(bytes: Buffer, type: number): string | null {
  if (INTEGERS[type] === bytes.length) {
    return String(bytes.length === 8 ? bytes.readBigInt64BE() : bytes.readIntBE(0, bytes.length))
  }
  if (FLOATS[type] === bytes.length) return String(bytes.length === 8 ? bytes.readDoubleBE() : bytes.readFloatBE())
  return null
}

function textOf(bytes: Buffer): string | null {
  if (!isUtf8(bytes)) return null
  const text = bytes.toString('utf8')
  return CONTROLS.test(text) ? null : text
}
