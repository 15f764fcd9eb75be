// The constant that stands for a value of a type, in each format. Made once for an output, not once for a row.

import { ARRAY_ELEMENTS, KNOWN_TYPES } from './type-constants.ts'

export type FieldFormat = 'text' | 'binary'

const JSONB_VERSION = 1

const element = (type: number, format: FieldFormat, placeholder: string): Buffer | null => {
  const constant = KNOWN_TYPES.get(type)?.constant
  if (constant === undefined) return null
  switch (constant.kind) {
    case 'fixed':
      return format === 'text' ? Buffer.from(constant.text) : constant.binary
    case 'text':
    case 'name':
      return Buffer.from(placeholder)
    case 'json':
      return Buffer.from(`"${placeholder}"`)
    case 'jsonb':
      return Buffer.concat([Buffer.from(format === 'binary' ? [JSONB_VERSION] : []), Buffer.from(`"${placeholder}"`)])
    case 'xml':
      // An element of its own is valid as a document, too.
      return Buffer.from(`<redacted>${placeholder}</redacted>`)
    case 'bytea':
      return format === 'binary'
        ? Buffer.from(placeholder)
        : Buffer.from(`\\x${Buffer.from(placeholder).toString('hex')}`)
    default:
      return constant satisfies never
  }
}

const int32s = (...values: readonly number[]): Buffer => {
  const buffer = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) buffer.writeInt32BE(value, index * 4)
  return buffer
}

/** One placeholder where the elements are text, otherwise nothing. Dimensions, whether NULLs are in it, the type of its elements. */
const arrayOf = (type: number, format: FieldFormat, placeholder: string): Buffer => {
  const kind = KNOWN_TYPES.get(type)?.constant.kind
  if (kind !== 'text' && kind !== 'name') return format === 'text' ? Buffer.from('{}') : int32s(0, 0, type)
  const only = Buffer.from(placeholder)
  if (format === 'text') return Buffer.from(`{${placeholder}}`)
  return Buffer.concat([int32s(1, 0, type, 1, 1, only.length), only])
}

/** What stands for any value of the type; null, which is SQL's NULL, for types that are not PostgreSQL's own. */
export function constantFor(type: number, format: FieldFormat, placeholder: string): Buffer | null {
  const elementType = ARRAY_ELEMENTS.get(type)
  return elementType === undefined ? element(type, format, placeholder) : arrayOf(elementType, format, placeholder)
}
