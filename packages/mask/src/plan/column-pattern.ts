// `connection/schema.table.column` with `*` for any characters: which columns a masking rule is about.

/** In the order of the pattern. */
export type ColumnName = {
  readonly connection: string
  readonly schema: string
  readonly table: string
  readonly column: string
}

type Parts = readonly [connection: string, schema: string, table: string, column: string]

/** As written, and in lower case. */
export type ColumnPattern = { readonly exact: Parts; readonly folded: Parts }
export type NameParts = ColumnPattern

/** A name that has dots, slashes, stars or quotes stands in double quotes, as in SQL. */
const PART = /"(?:[^"]|""){1,126}"|[^"./]{1,128}/y
const SEPARATORS = ['/', '.', '.', ''] as const
/** A star in quotes is a character. */
const ANY = '\0'

/** Null where the text is no pattern. */
export function readColumnPattern(text: string): ColumnPattern | null {
  const parts: string[] = []
  let at = 0
  for (const separator of SEPARATORS) {
    PART.lastIndex = at
    const part = PART.exec(text)?.[0]
    if (part === undefined || part.includes(ANY)) return null
    parts.push(part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part.replaceAll('*', ANY))
    at += part.length
    if (!text.startsWith(separator, at)) return null
    at += separator.length
  }
  const [connection, schema, table, column] = parts
  if (at !== text.length || connection === undefined) return null
  return bothCases([connection, schema as string, table as string, column as string])
}

/** It names one column of one table, wherever that is. */
export function isExact({ exact: [, , table, column] }: ColumnPattern): boolean {
  return !table.includes(ANY) && !column.includes(ANY)
}

/** @param caseCounts without it `SSN` is `ssn`: a name that only looks another way must not escape a tag */
export function matchesColumn(pattern: ColumnPattern, name: NameParts, caseCounts: boolean): boolean {
  const parts = caseCounts ? pattern.exact : pattern.folded
  const names = caseCounts ? name.exact : name.folded
  // The column's name tells most rules apart.
  for (let index = parts.length - 1; index >= 0; index--) {
    if (!matchesGlob(parts[index] as string, names[index] as string)) return false
  }
  return true
}

/** A name as patterns are compared with it. */
export function namePartsOf({ connection, schema, table, column }: ColumnName): NameParts {
  return bothCases([connection, schema, table, column])
}

function bothCases(exact: Parts): ColumnPattern {
  const [connection, schema, table, column] = exact
  const folded: Parts = [connection.toLowerCase(), schema.toLowerCase(), table.toLowerCase(), column.toLowerCase()]
  return { exact, folded }
}

/** Greedy with one step back to the last star: at most pattern × text steps, whatever they are. */
function matchesGlob(pattern: string, text: string): boolean {
  if (pattern === ANY) return true
  let p = 0
  let t = 0
  let star = -1
  let resume = 0
  while (t < text.length) {
    if (pattern[p] === ANY) {
      star = p++
      resume = t
    } else if (p < pattern.length && pattern[p] === text[t]) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++resume
    } else return false
  }
  while (pattern[p] === ANY) p++
  return p === pattern.length
}
