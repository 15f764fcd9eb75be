// Uses of sensitive values that show nothing by themselves, but tell of the value.

import type { TouchHow } from './lineage.ts'
import type { Reader } from './reader.ts'
import { computed, isSensitive, literalsOf, sourcesOf, type Value } from './value.ts'

/** Records the use of a sensitive value, once for what it is made of. */
export function touched(value: Value, how: TouchHow, operation: string, reader: Reader): Value {
  if (!isSensitive(value) || value.touched) return value
  reader.facts.touch(value.sources, how, operation)
  return { ...value, bare: false, touched: true }
}

/** Literals among values that are compared stand for values of the sensitive ones. */
export function recordCompared(values: readonly Value[], reader: Reader): void {
  const sources = sourcesOf(values)
  if (sources.length > 0) reader.facts.sensitiveLiterals(literalsOf(computed(values)), sources)
}
