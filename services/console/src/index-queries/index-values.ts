// How values of the index leave it: times as ISO 8601 with microseconds, what is empty as null.

/** SQL that gives a time as `2026-03-01T12:00:00.123456Z`. */
export function isoTime(column: string): string {
  return `concat(replaceOne(toString(${column}), ' ', 'T'), 'Z')`
}

/** SQL that compares a time with a parameter in microseconds since the epoch. */
export function atLeast(column: string, parameter: string): string {
  return `${column} >= fromUnixTimestamp64Micro({${parameter}:Int64}, 'UTC')`
}

export function orNull(text: string): string | null {
  return text === '' ? null : text
}
