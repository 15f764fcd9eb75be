// From a text to the facts of its statements. Synchronous, for what clients usually send; larger texts go to analyze-large.ts.
// Nothing here throws: a text that can't be understood is an answer, too.

import { selectInto } from './carried-query.ts'
import type { Analysis, AnalysisOptions, StatementFacts, TableUse } from './facts.ts'
import { unwrapped } from './names.ts'
import type { RawNode } from './parser.ts'
import { QUERIES, QueryReader } from './query-reader.ts'
import { readText, TOO_DEEP } from './read-text.ts'
import { partsOf } from './split-statements.ts'
import { readUtility } from './utility-statements.ts'

export { loadParser } from './parser.ts'

/** Longer texts are read by a worker: parsing one blocks whoever does it. UTF-16 code units. */
export const MAX_INLINE_CHARACTERS = 16 * 1024

/**
 * The facts of each statement in a text without NUL, up to `MAX_INLINE_CHARACTERS`; longer ones answer `too_large`, and
 * are for `analyzeLarge`. `loadParser()` has been awaited before.
 */
export function analyzeStatement(text: string, options: AnalysisOptions): Analysis {
  if (text.length > MAX_INLINE_CHARACTERS) return { kind: 'too_large', limit: 'bytes' }
  return analyzeWhole(text, options)
}

/** Any length; takes as long as it takes, so it is for a worker. */
export function analyzeWhole(text: string, options: AnalysisOptions): Analysis {
  const read = readText(text, options.serverMajor)
  if (read.kind !== 'tree') return read
  if (read.statements.length === 0) return { kind: 'parsed', statements: [{ kind: 'empty' }], parts: [] }
  try {
    if (options.lineage !== true) {
      return { kind: 'parsed', statements: read.statements.map((each) => readStatement(each, '', options)), parts: [] }
    }
    const split = partsOf(text, read.statements, read.spans)
    if (split.kind !== 'split') return split
    const statements = split.parts.map(({ part, statement }) => readStatement(statement, part.text, options))
    return { kind: 'parsed', statements, parts: split.parts.map(({ part }) => part) }
  } catch (error) {
    // Only the stack can end here: the tree is deeper than its tokens told.
    if (error instanceof RangeError) return TOO_DEEP
    throw error
  }
}

/** `text` is the statement's own; it is looked at in masked sessions only. */
function readStatement(wrapper: RawNode, text: string, options: AnalysisOptions): StatementFacts {
  const { type: nodeType, node: statement } = unwrapped(wrapper)
  if (nodeType === undefined) return { kind: 'empty' }
  const verb = Object.hasOwn(QUERIES, nodeType) ? QUERIES[nodeType] : undefined
  if (verb === undefined) return readUtility(nodeType, statement, text, options)
  const reader = new QueryReader(verb, options)
  reader.read(nodeType, statement)
  const called = reader.makesTable
    ? `${verb} INTO`
    : reader.locksRows && nodeType === 'SelectStmt'
      ? `${verb} FOR UPDATE`
      : verb
  const utility = reader.makesTable && options.lineage === true ? selectInto(wrapper, text, reader) : null
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
    utility,
  }
}

/** `select 1` names no table, and reads all the same. */
function withDefault({ uses, settings }: QueryReader, nodeType: string): TableUse[] {
  const further: TableUse[] = settings.size > 0 ? [{ effect: 'admin', table: null }] : []
  if (uses.length > 0 || nodeType !== 'SelectStmt') return [...uses, ...further]
  return [{ effect: 'read', table: null }, ...further]
}
