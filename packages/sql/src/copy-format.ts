// The options of COPY … TO STDOUT, where rows that are written so can be told apart field by field, whatever stands in them.

import { textOf, unwrapped } from './names.ts'
import type { RawNode } from './parser.ts'
import type { CopyFormat } from './utility-facts.ts'

type Draft = { -readonly [Field in keyof CopyFormat]: CopyFormat[Field] | null }

const DELIMITERS: ReadonlySet<string> = new Set(['\t', ',', ';', '|'])
const QUOTES: ReadonlySet<string> = new Set(['"', "'"])
const NULLS: ReadonlySet<string> = new Set(['', '\\N', 'NULL', 'null'])
const UTF8: ReadonlySet<string> = new Set(['utf8', 'utf-8', 'unicode'])

/** The format; or which option is not understood, in the client's words. */
export function copyFormat(options: unknown): CopyFormat | { readonly unknown: string } {
  const draft: Draft = { format: null, delimiter: null, quote: null, escape: null, null: null, header: null }
  const seen = new Set<string>()
  for (const wrapper of (options ?? []) as readonly RawNode[]) {
    const element = (wrapper['DefElem'] ?? {}) as RawNode
    const name = String(element['defname'])
    const { type, node } = unwrapped((element['arg'] ?? {}) as RawNode)
    const value = type === 'String' ? textOf(node['sval']) : null
    if (seen.has(name) || !takes(draft, name, type, value, node)) return { unknown: shownOption(name) }
    seen.add(name)
  }
  const csv = draft.format === 'csv'
  const quote = draft.quote ?? '"'
  const format: CopyFormat = {
    format: draft.format ?? 'text',
    delimiter: draft.delimiter ?? (csv ? ',' : '\t'),
    quote,
    escape: draft.escape ?? quote,
    null: draft.null ?? (csv ? '' : '\\N'),
    header: draft.header ?? false,
  }
  // With another escape, what ends a field depends on what stands before it.
  if (format.escape !== format.quote) return { unknown: 'ESCAPE' }
  // In text format a value may be written just as this would be.
  if (!csv && format.null !== '\\N') return { unknown: 'NULL' }
  if (!csv && (draft.quote !== null || draft.escape !== null)) return { unknown: 'QUOTE or ESCAPE' }
  return format
}

const OPTIONS: ReadonlySet<string> = new Set(
  'format delimiter null header quote escape encoding force_quote'.split(' '),
)

/** Names of options are the client's own words. */
const shownOption = (name: string): string => (OPTIONS.has(name) ? name.toUpperCase() : 'an option that is not known')

function takes(draft: Draft, name: string, type: string | undefined, value: string | null, node: RawNode): boolean {
  switch (name) {
    case 'format':
      if (value !== 'text' && value !== 'csv' && value !== 'binary') return false
      draft.format = value
      return true
    case 'delimiter':
      draft.delimiter = value
      return value !== null && DELIMITERS.has(value)
    case 'null':
      draft.null = value
      return value !== null && NULLS.has(value)
    case 'quote':
      draft.quote = value
      return value !== null && QUOTES.has(value)
    case 'escape':
      draft.escape = value
      return value !== null && QUOTES.has(value)
    case 'header':
      draft.header = flagOf(type, value, node)
      return draft.header !== null
    case 'encoding':
      return value !== null && UTF8.has(value.toLowerCase())
    case 'force_quote':
      return type === 'A_Star' || type === 'List'
    default:
      return false
  }
}

const FLAGS: Readonly<Record<string, boolean>> = { true: true, on: true, false: false, off: false }

/** The value of an option that is on or off, on where it has none; null where it is neither. */
export function flagOf(type: string | undefined, value: string | null, node: RawNode): boolean | null {
  if (type === undefined) return true
  if (type === 'Boolean') return node['boolval'] === true
  if (type === 'Integer') {
    const number = node['ival'] ?? 0
    return number === 1 ? true : number === 0 ? false : null
  }
  const folded = value?.toLowerCase() ?? ''
  return Object.hasOwn(FLAGS, folded) ? (FLAGS[folded] ?? null) : null
}
