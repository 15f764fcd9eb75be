// Statements with what is expected of them, as text: a statement on one line, indented below it what becomes of it.
// `clear`, `scan`, `redact(tag)` and other strategies of a stored value, `constant(tag)` of a computed one; `none`;
// `budget tag n`; `approve tag`; `harmless`. Or `! code part-of-the-reason`. `-- from 15` or `-- reader` stands before.

import type { Lineage } from './lineage.ts'
import type { MaskDecision, OutputMask } from './mask-decision.ts'

export type TestedStatement = {
  readonly sql: string
  readonly expected: string
  /** The first major version that knows it. */
  readonly from: number
}

export function statementsOf(text: string): readonly TestedStatement[] {
  const statements: TestedStatement[] = []
  let from = 0
  let sql = ''
  for (const line of text.split('\n')) {
    if (line.startsWith('-- from ')) from = Number(line.slice(8))
    else if (line.startsWith('  ')) {
      statements.push({ sql, expected: line.trim(), from })
      from = 0
    } else sql = line
  }
  return statements
}

const maskWord = (mask: OutputMask): string => {
  switch (mask.kind) {
    case 'clear':
    case 'scan':
      return mask.kind
    case 'mask':
      return mask.computed ? `constant(${mask.tag})` : `${mask.strategy}(${mask.tag})`
    default:
      return mask satisfies never
  }
}

/** A decision in the words of the texts above. */
export function decisionWords(decision: MaskDecision, lineage: Lineage): string {
  if (decision.kind === 'refused') return `! ${decision.code} ${decision.what}`
  const { outputs, budget, approve } = decision
  const words = outputs.length === 0 ? ['none'] : outputs.map(({ mask }) => maskWord(mask))
  for (const { tag, use, literals, parameters } of budget) {
    // What is written is seen by its tags in the statements about writing.
    if (use === 'compared') words.push(`budget ${tag} ${literals.length + parameters.length}`)
  }
  for (const tag of approve) words.push(`approve ${tag}`)
  if (lineage.harmless) words.push('harmless')
  return words.join(' ')
}

/** Of a refusal the code and a part of the reason are enough. */
export function isAsExpected(words: string, expected: string): boolean {
  const refusal = /^! (?<code>\w+) (?<part>.*)$/.exec(expected)?.groups
  if (refusal === undefined) return words === expected
  return words.startsWith(`! ${refusal['code']} `) && words.includes(refusal['part'] ?? '')
}
