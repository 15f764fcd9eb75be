// Free text with the tag instead of what was found, in the syntax that it is written in.

import type { Detection } from '../detectors/detection.ts'
import { placeholderFor } from './placeholders.ts'

/** Plain text. */
export function maskPlain(text: string, detections: readonly Detection[]): string {
  let masked = ''
  let at = 0
  for (const { start, end, tag } of detections) {
    masked += text.slice(at, start) + placeholderFor(tag)
    at = end
  }
  return masked + text.slice(at)
}

/** Characters that a detection in character data or in an attribute's value never holds. */
const MARKUP = /[<>"']/

/** XML: null where what was found takes markup along, or where text around it would become markup. */
export function maskXml(text: string, detections: readonly Detection[]): string | null {
  if (detections.some(({ start, end }) => MARKUP.test(text.slice(start, end)))) return null
  if (detections.some(({ end }) => text.startsWith(']', end) || text.startsWith('>', end))) return null
  return maskPlain(text, detections)
}

const STRUCTURE = new Set('{}[],: \t\r\n')

/** From the quote that opens a string of JSON to behind the one that closes it. */
const endOfString = (text: string, open: number): number => {
  let at = open + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return Math.min(at + 1, text.length)
}

const endOfScalar = (text: string, start: number): number => {
  let at = start + 1
  while (at < text.length && !STRUCTURE.has(text[at] as string) && text[at] !== '"') at++
  return at
}

/**
 * JSON: what was found is replaced within strings, keys too; a number becomes a string. Structure stays as it is, so that
 * something found across it is masked on both sides. Null where the result would not be JSON.
 */
export function maskJson(text: string, detections: readonly Detection[]): string | null {
  let masked = ''
  let copied = 0
  let next = 0
  for (let at = 0; at < text.length && next < detections.length; ) {
    const isString = text[at] === '"'
    if (!isString && STRUCTURE.has(text[at] as string)) {
      at++
      continue
    }
    const end = isString ? endOfString(text, at) : endOfScalar(text, at)
    while (next < detections.length && (detections[next] as Detection).end <= at) next++
    const [from, to] = isString ? [at + 1, end - 1] : [at, end]
    for (let index = next; index < detections.length; index++) {
      const { start, end: foundEnd, tag } = detections[index] as Detection
      if (start >= to) break
      if (foundEnd <= from) continue
      masked += text.slice(copied, isString ? Math.max(start, from) : from)
      masked += isString ? placeholderFor(tag) : `"${placeholderFor(tag)}"`
      copied = isString ? Math.min(foundEnd, to) : to
      if (!isString) break
    }
    at = end
  }
  masked += text.slice(copied)
  return isJson(masked) ? masked : null
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
