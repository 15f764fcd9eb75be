// Values as the tables take them, whatever a record held: a row that the database refuses would stop every row behind it.

import type { IndexTime } from './rows.ts'

export const MAX_INDEX_TEXT_CHARACTERS = 1_048_576
const MICROS_PER_SECOND = 1_000_000
/** The database's 32-bit times, from which rows expire, end in 2106. */
const LAST_MICROS = Date.UTC(2104, 0, 1) * 1_000

export function indexTime(micros: number): IndexTime {
  const whole = Number.isFinite(micros) ? Math.min(Math.max(Math.trunc(micros), 0), LAST_MICROS) : 0
  const seconds = Math.floor(whole / MICROS_PER_SECOND)
  const fraction = String(whole - seconds * MICROS_PER_SECOND).padStart(6, '0')
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')}.${fraction}`
}

/** Valid Unicode of bounded length; a lone surrogate is no JSON for the database. */
export function indexText(text: string | null | undefined): string {
  if (text === null || text === undefined) return ''
  const whole = text.length > MAX_INDEX_TEXT_CHARACTERS ? text.slice(0, MAX_INDEX_TEXT_CHARACTERS) : text
  return whole.toWellFormed()
}

export function indexTexts(texts: readonly string[]): readonly string[] {
  return texts.map(indexText)
}

export function indexCount(value: number): number {
  return Number.isFinite(value) ? Math.min(Math.max(Math.trunc(value), 0), Number.MAX_SAFE_INTEGER) : 0
}
