// What stands in a request, read strictly: unknown, repeated and oversized parameters are mistakes, not noise.
import { z } from 'zod'
import { refuse } from './problem.ts'

export const DEFAULT_LIMIT = 100
export const MAX_LIMIT = 1_000
/** Of events with what was delivered: their records are read whole. */
export const MAX_RESULTS_LIMIT = 200
const MAX_OBJECT_CHARACTERS = 255
export const MAX_QUERY_CHARACTERS = 32_768

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 }
const DURATION = /^(\d{1,6})([smhdw])$/
const TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2}))?$/

/**
 * A point in time as people write it: `1d` (so long ago), `2026-03-01` or `2026-03-01T12:00:00Z`.
 * @returns microseconds since the epoch; null where it is none
 */
export function timeOf(text: string, nowMs: number): number | null {
  const duration = DURATION.exec(text)
  if (duration) return Math.round((nowMs - Number(duration[1]) * (SECONDS[duration[2] ?? ''] ?? 0) * 1000) * 1000)
  const time = TIME.exec(text)
  // Date reads milliseconds only; the rest is added, so that the time of a row can be given back as it came.
  const fraction = time?.[1] ?? ''
  const ms = time === null ? Number.NaN : Date.parse(text.replace(fraction, ''))
  return Number.isNaN(ms) ? null : ms * 1000 + Math.round(Number(`0${fraction || '.0'}`) * 1_000_000)
}

const limit = z.coerce.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT)

function time(nowMs: () => number) {
  return z
    .string()
    .max(40)
    .transform((text, context) => {
      const micros = timeOf(text, nowMs())
      if (micros === null) context.addIssue('has to be a duration such as 1d, or a time such as 2026-03-01T12:00:00Z')
      return micros ?? 0
    })
    .optional()
}

/** The parameters of each question. */
export function questionSchemas(nowMs: () => number) {
  return {
    sessions: z.strictObject({ limit, since: time(nowMs), before: time(nowMs) }),
    events: z.strictObject({
      limit,
      after: z.coerce.number().int().min(-1).max(Number.MAX_SAFE_INTEGER).optional(),
      results: z.stringbool({ truthy: ['true'], falsy: ['false'], case: 'sensitive' }).optional(),
    }),
    access: z.strictObject({ limit, object: z.string().min(1).max(MAX_OBJECT_CHARACTERS), since: time(nowMs) }),
    sql: z.strictObject({ query: z.string().min(1).max(MAX_QUERY_CHARACTERS) }),
  }
}

/** A session's id, or the beginning of one. */
export const sessionIdSchema = z
  .string()
  .toLowerCase()
  .regex(/^[0-9a-f][0-9a-f-]{3,35}$/, 'has to be a session id, or at least its first four characters')

/** @throws ProblemError `parameter_invalid` with every mistake. */
export function readParameters<T>(schema: z.ZodType<T>, all: Readonly<Record<string, readonly string[]>>): T {
  const repeated = Object.keys(all).find((name) => (all[name]?.length ?? 0) > 1)
  if (repeated !== undefined) throw refuse('parameter_invalid', `parameter ${printable(repeated)} stands twice`)
  const values = Object.fromEntries(Object.entries(all).map(([name, [value]]) => [name, value]))
  return parse(schema, values, 'parameter_invalid')
}

/** @throws ProblemError `body_invalid` with every mistake. */
export function readBody<T>(schema: z.ZodType<T>, text: string): T {
  let value: unknown
  try {
    value = text === '' ? {} : JSON.parse(text)
  } catch {
    throw refuse('body_invalid', 'the body is no JSON')
  }
  return parse(schema, value, 'body_invalid')
}

export function parse<T>(schema: z.ZodType<T>, value: unknown, code: 'parameter_invalid' | 'body_invalid'): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const mistakes = result.error.issues.map(({ path, message }) => `${path.map(String).join('.') || 'it'}: ${message}`)
  throw refuse(code, printable(mistakes.join('; ')))
}

const MAX_DETAIL_CHARACTERS = 500

/** What a client sent goes back to it in one short line. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_DETAIL_CHARACTERS)
}
