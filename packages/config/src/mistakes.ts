/** Turns what the parser and the schema found into lines for a person: file, line, setting, what is wrong, what to write. */
import { type Document, isMap, isNode, isPair, type LineCounter } from 'yaml'
import type { z } from 'zod'
import type { Mistake } from './rules.ts'

export const MAX_MISTAKES_SHOWN = 10

export function describeMistakes(
  file: string,
  document: Document,
  lines: LineCounter,
  mistakes: readonly Mistake[],
): string {
  const shown = mistakes.slice(0, MAX_MISTAKES_SHOWN).map(({ path, message }) => {
    const offset = offsetOf(document, path)
    const line = offset === null ? '' : `:${lines.linePos(offset).line}`
    return `${file}${line}: ${path.length === 0 ? 'the file' : path.join('.')} ${message}`
  })
  const more = mistakes.length - shown.length
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('\n')
}

/** The schema's issues; an unknown key is reported at the key itself, with the known one that it resembles. */
export function mistakesOf(
  error: z.ZodError,
  knownKeys: (path: readonly (string | number)[]) => readonly string[],
): Mistake[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, knownKeys(path)) }))
    }
    if (issue.code === 'invalid_key') return [{ path, message: issue.issues[0]?.message ?? issue.message }]
    const missing =
      issue.code === 'invalid_type' && issue.input === undefined && issue.message.includes('received undefined')
    return [
      { path, message: missing ? `is missing; it must be ${article(issue.expected)}` : lowerFirst(issue.message) },
    ]
  })
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = known.map((candidate) => ({ candidate, distance: editDistance(key, candidate) }))
  near.sort((a, b) => a.distance - b.distance)
  const best = near[0]
  if (best !== undefined && best.distance <= Math.max(2, key.length / 3))
    return `is not a setting; did you mean ${best.candidate}?`
  return known.length > 0 ? `is not a setting; here there are ${known.join(', ')}` : 'is not a setting'
}

function article(expected: string): string {
  return /^[aeiou]/.test(expected) ? `an ${expected}` : `a ${expected}`
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

/** Where the setting stands: the key of the longest part of its path that exists. */
function offsetOf(document: Document, path: readonly (string | number)[]): number | null {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    const key = path[length - 1]
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isPair(item) && isNode(item.key) && String(item.key) === String(key))
      if (pair !== undefined && isNode(pair.key)) return pair.key.range?.[0] ?? null
    }
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node)) return node.range?.[0] ?? null
  }
  return null
}

/** Levenshtein's distance; keys are short, so the plain table does. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
