// From a text to the facts of its statements. Synchronous, for what clients usually send; larger texts go to analyze-large.ts.
// Nothing here throws: a text that can't be understood is an answer, too.

import type { Analysis, AnalysisOptions, StatementFacts, TableUse } from './facts.ts'
import type { LexicalViolation } from './lexer.ts'
import { unwrapped } from './names.ts'
import { sketch } from './nesting.ts'
import { parse, type RawNode } from './parser.ts'
import { QUERIES, QueryReader } from './query-reader.ts'
import { syntaxMessage } from './syntax-message.ts'
import { readUtility } from './utility-statements.ts'

export { loadParser } from './parser.ts'

/** Above this, parsing blocks the event loop for too long. UTF-16 code units. */
export const MAX_INLINE_CHARACTERS = 16 * 1024
/** Deeper trees endanger the stack of whoever walks them. */
export const MAX_NESTING = 500
/** A kilobyte of text can be a gigabyte of tree, by copies within copies. */
export const MAX_COPIES = 100_000

/** Numbers with underscores and radix prefixes. */
const MODERN_NUMBERS_MAJOR = 16

const VIOLATIONS: Readonly<Record<LexicalViolation, string>> = {
  unterminated_string: 'a quoted string does not end',
  unterminated_identifier: 'a quoted identifier does not end',
  unterminated_comment: 'a /* comment does not end',
  junk_after_number: 'trailing junk after a number',
  junk_after_parameter: 'trailing junk after a parameter',
}

/**
 * The facts of each statement in a text without NUL, up to `MAX_INLINE_CHARACTERS`; longer ones answer `too_large`, and
 * are for `analyzeLarge`. `loadParser()` has been awaited before.
 */
export function analyzeStatement(text: string, options: AnalysisOptions): Analysis {
  if (text.length > MAX_INLINE_CHARACTERS) return { kind: 'too_large', limit: 'bytes' }
  return analyzeWhole(text, options)
}

/** Any length; takes as long as it takes, so it is for a worker. */
export function analyzeWhole(text: string, { serverMajor }: AnalysisOptions): Analysis {
  const { violation, modernNumbers, nesting, copies } = sketch(text)
  if (violation !== null) return { kind: 'unparsable', message: VIOLATIONS[violation] }
  if (modernNumbers && serverMajor < MODERN_NUMBERS_MAJOR) {
    return { kind: 'unparsable', message: `PostgreSQL ${serverMajor} reads numbers such as 1_000 or 0x1F differently` }
  }
  if (nesting > MAX_NESTING) return { kind: 'too_large', limit: 'nesting' }
  if (copies > MAX_COPIES) return { kind: 'too_large', limit: 'tree' }
  const parsed = parse(text)
  if (parsed.kind === 'syntax-error') return { kind: 'unparsable', message: syntaxMessage(parsed.message) }
  if (parsed.kind === 'too-large') return { kind: 'too_large', limit: 'tree' }
  if (parsed.kind === 'broken') return { kind: 'unparsable', message: 'the parser had to be restarted; try again' }
  if (parsed.statements.length === 0) return { kind: 'parsed', statements: [{ kind: 'empty' }] }
  try {
    return { kind: 'parsed', statements: parsed.statements.map((statement) => readStatement(statement, serverMajor)) }
  } catch (error) {
    // Only the stack can end here: the tree is deeper than its tokens told.
    if (error instanceof RangeError) return { kind: 'too_large', limit: 'nesting' }
    throw error
  }
}

function readStatement(wrapper: RawNode, serverMajor: number): StatementFacts {
  const { type: nodeType, node: statement } = unwrapped(wrapper)
  if (nodeType === undefined) return { kind: 'empty' }
  const verb = Object.hasOwn(QUERIES, nodeType) ? QUERIES[nodeType] : undefined
  if (verb === undefined) return readUtility(nodeType, statement, serverMajor)
  const reader = new QueryReader(verb, serverMajor)
  reader.read(nodeType, statement)
  const called = reader.makesTable
    ? `${verb} INTO`
    : reader.locksRows && nodeType === 'SelectStmt'
      ? `${verb} FOR UPDATE`
      : verb
  return {
    kind: 'command',
    verbs: [called, ...[...reader.settings].map((name) => `SET ${name}`)],
    uses: withDefault(reader, nodeType),
    functions: [...reader.functions],
    openNames: reader.openNames,
    unfiltered: reader.unfiltered,
    unknown: reader.unknown,
    refusal: reader.refusal,
    unheld: reader.unheld,
  }
}

/** `select 1` names no table, and reads all the same. */
function withDefault({ uses, settings }: QueryReader, nodeType: string): TableUse[] {
  const further: TableUse[] = settings.size > 0 ? [{ effect: 'admin', table: null }] : []
  if (uses.length > 0 || nodeType !== 'SelectStmt') return [...uses, ...further]
  return [{ effect: 'read', table: null }, ...further]
}
