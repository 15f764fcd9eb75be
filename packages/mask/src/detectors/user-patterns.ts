// Patterns of the user's own. A pattern is taken only if every match is bounded and no text makes it slow: no quantifier
// without an upper bound, none within another, nothing that looks around or back.

import type { Tag } from '../plan/plan.ts'
import type { Detection } from './detection.ts'

export type PatternCheck = { readonly ok: true } | { readonly ok: false; readonly reason: string }

const MAX_SOURCE = 1000
/** Of one quantifier. */
const MAX_REPEAT = 200
/** In which a pattern could be tried at one place: lengths of variable parts and alternatives, multiplied. */
const MAX_WAYS = 256
const MAX_MATCH = 1000
const MAX_DEPTH = 10

const refused = (reason: string): PatternCheck => ({ ok: false, reason })

type Walk = { readonly source: string; at: number }

type Part = {
  /** Characters that it takes at most. */
  readonly longest: number
  readonly shortest: number
  /** Bounded by what is refused. */
  readonly ways: number
}

class Refused extends Error {}

const fail = (reason: string): never => {
  throw new Refused(reason)
}

const QUANTIFIER = /([?*+])|\{(\d{1,5})(?:(,)(\d{0,5}))?\}/y

/** Reads alternatives up to `)` or the end. */
const readAlternatives = (walk: Walk, depth: number): Part => {
  if (depth > MAX_DEPTH) fail(`it has groups within more than ${MAX_DEPTH} groups`)
  let longest = 0
  let shortest = Number.POSITIVE_INFINITY
  let ways = 0
  for (;;) {
    const part = readSequence(walk, depth)
    longest = Math.max(longest, part.longest)
    shortest = Math.min(shortest, part.shortest)
    ways += part.ways
    if (walk.source[walk.at] !== '|') return { longest, shortest, ways }
    walk.at++
  }
}

const readSequence = (walk: Walk, depth: number): Part => {
  let longest = 0
  let shortest = 0
  let ways = 1
  while (walk.at < walk.source.length && walk.source[walk.at] !== '|' && walk.source[walk.at] !== ')') {
    const atom = readAtom(walk, depth)
    const { from, to } = readQuantifier(walk)
    if (to > 1 && atom.longest !== atom.shortest)
      fail('a group of variable length is repeated: one quantifier in another')
    longest += atom.longest * to
    shortest += atom.shortest * from
    ways *= atom.ways ** to * (to - from + 1)
    if (longest > MAX_MATCH) fail(`a match could be longer than ${MAX_MATCH} characters`)
    if (ways > MAX_WAYS)
      fail(
        `there are more than ${MAX_WAYS} ways to try it at one place: parts of variable length and alternatives multiply`,
      )
  }
  return { longest, shortest, ways }
}

const readQuantifier = (walk: Walk): { readonly from: number; readonly to: number } => {
  QUANTIFIER.lastIndex = walk.at
  const match = QUANTIFIER.exec(walk.source)
  if (match === null) return { from: 1, to: 1 }
  walk.at = QUANTIFIER.lastIndex
  const [, sign, low, comma, high] = match
  if (sign === '*' || sign === '+' || (comma !== undefined && high === '')) {
    fail(`the quantifier ${match[0]} has no upper bound: write {1,64} or so`)
  }
  const from = sign === '?' ? 0 : Number(low)
  const to = sign === '?' ? 1 : Number(comma === undefined ? low : high)
  if (to > MAX_REPEAT) fail(`the quantifier ${match[0]} has a bound above ${MAX_REPEAT}`)
  if (walk.source[walk.at] === '?') walk.at++
  return { from, to }
}

const ONE: Part = { longest: 1, shortest: 1, ways: 1 }
const NONE: Part = { longest: 0, shortest: 0, ways: 1 }

const readAtom = (walk: Walk, depth: number): Part => {
  const { source } = walk
  const character = source[walk.at] as string
  walk.at++
  if (character === '(') return readGroup(walk, depth)
  if (character === '[') return readClass(walk)
  if (character === '^' || character === '$') return NONE
  if (character !== '\\') return ONE
  const escaped = source[walk.at] as string
  walk.at++
  if (/[1-9k]/.test(escaped)) fail('it refers back to what a group took')
  if (escaped === 'b' || escaped === 'B') return NONE
  if (/[pP]/.test(escaped)) walk.at = source.indexOf('}', walk.at) + 1
  if (escaped === 'u') walk.at += source[walk.at] === '{' ? source.indexOf('}', walk.at) + 1 - walk.at : 4
  if (escaped === 'x') walk.at += 2
  if (escaped === 'c') walk.at++
  return ONE
}

const readGroup = (walk: Walk, depth: number): Part => {
  const { source } = walk
  if (source[walk.at] === '?') {
    if (source.startsWith('?:', walk.at)) walk.at += 2
    else if (/^\?<[A-Za-z_]\w{0,40}>/.test(source.slice(walk.at, walk.at + 45)))
      walk.at = source.indexOf('>', walk.at) + 1
    else fail('it looks ahead or behind')
  }
  const part = readAlternatives(walk, depth + 1)
  walk.at++
  return part
}

const readClass = (walk: Walk): Part => {
  const { source } = walk
  while (walk.at < source.length && source[walk.at] !== ']') walk.at += source[walk.at] === '\\' ? 2 : 1
  walk.at++
  return ONE
}

/** Whether a pattern is taken; otherwise why not, for who wrote it. */
export function checkPattern(source: string): PatternCheck {
  if (source.length > MAX_SOURCE) return refused(`it is longer than ${MAX_SOURCE} characters`)
  try {
    new RegExp(source, 'u')
  } catch (error) {
    return refused((error as Error).message)
  }
  const walk: Walk = { source, at: 0 }
  try {
    const { shortest } = readAlternatives(walk, 0)
    if (walk.at < source.length) return refused('it could not be read to its end')
    return shortest === 0 ? refused('it matches the empty text') : { ok: true }
  } catch (error) {
    if (error instanceof Refused) return refused(error.message)
    throw error
  }
}

export type UserPattern = { readonly tag: Tag; readonly pattern: string }

const MAX_MATCHES = 10_000
/** What stands for a value is none. */
const PLACEHOLDER = /\[[a-z][a-z0-9.-]{0,63}\]/g

/** Throws where a pattern is refused: policies are checked before. */
export function userScanner(patterns: readonly UserPattern[]): ((text: string) => Detection[]) | null {
  if (patterns.length === 0) return null
  const compiled = patterns.map(({ tag, pattern }) => {
    const check = checkPattern(pattern)
    if (!check.ok) throw new Error(`the pattern of ${tag} is refused: ${check.reason}`)
    return { tag, pattern: new RegExp(pattern, 'gu') }
  })
  return (text) => {
    const placeholders = text.includes('[') ? [...text.matchAll(PLACEHOLDER)] : []
    const detections: Detection[] = []
    for (const { tag, pattern } of compiled) {
      let count = 0
      for (const match of text.matchAll(pattern)) {
        if (++count > MAX_MATCHES) break
        const [start, end] = [match.index, match.index + match[0].length]
        const isOurs = placeholders.some(({ index, 0: placed }) => index < end && start < index + placed.length)
        if (!isOurs) detections.push({ start, end, tag, confidence: 0.9, detector: `user:${tag}` })
      }
    }
    return detections
  }
}
