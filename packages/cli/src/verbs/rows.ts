/** Rows of the index as the console answers them: read defensively, shown as people read them. */
import { CliFailure } from '../failure.ts'

export type Row = Readonly<Record<string, unknown>>

/** The list under `key` of an answer. */
export function rowsOf(answer: unknown, key: string): readonly Row[] {
  const list: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, key) : undefined
  if (!Array.isArray(list))
    throw new CliFailure(`the console answered without ${key}; is it of the same version as this command line?`)
  return list.filter((row): row is Row => typeof row === 'object' && row !== null)
}

/** What the console answers where no limit is asked for. */
const DEFAULT_LIMIT = 100

/** A note where a list is as long as its limit, so that nobody takes it for all there is. */
export function cutNote(rows: readonly Row[], limit = DEFAULT_LIMIT): string | null {
  return rows.length < limit ? null : `the latest ${limit}; more with --limit N`
}

/** Any value as one cell. */
export function cell(value: unknown): string {
  if (value === null || value === undefined || value === '') return '–'
  if (Array.isArray(value)) return value.length === 0 ? '–' : value.map(cell).join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

export function text(row: Row, name: string): string {
  const value = row[name]
  if (value === null || value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

export function numberIn(row: Row, name: string): number {
  const number = Number(row[name])
  return Number.isFinite(number) ? number : 0
}

/** `agent (agents)`: who it was, and as member of what. */
export function who(row: Row): string {
  const { groups } = row
  const list = Array.isArray(groups) && groups.length > 0 ? ` (${groups.map(String).join(', ')})` : ''
  return `${text(row, 'subject') || '–'}${list}`
}

const DAY_MS = 86_400_000

/** The time of day for the last day, the date before that; in this machine's time zone. */
export function when(value: unknown, nowMs: number): string {
  const time = timeOf(value)
  if (time === null) return '–'
  const at = new Date(time)
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
  if (Math.abs(nowMs - time) < DAY_MS) return clock
  const day = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, '0')).join('-')
  return `${day} ${clock}`
}

/** Milliseconds since the epoch, of an ISO 8601 time. */
export function timeOf(value: unknown): number | null {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? null : time
}

const UUID_START = 8

/** Version 7 ids begin with the time: those of one minute share eight digits, so the random end is shown as well. */
export function shortId(id: string): string {
  return id.length > UUID_START ? id.slice(0, id.indexOf('-', 9) === -1 ? UUID_START : id.indexOf('-', 9)) : id
}

/** One line: a statement's line breaks and runs of space are one space. */
export function oneLine(value: string): string {
  return value.replace(/\s+/g, ' ').trim()
}
