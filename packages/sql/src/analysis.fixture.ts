import { analyzeStatement } from './analyze.ts'
import type { Analysis, StatementFacts } from './facts.ts'

/** `loadParser()` has been awaited before. */
export function analyze(text: string, serverMajor = 18): Analysis {
  return analyzeStatement(text, { serverMajor })
}

/** Of a text that can be read. */
export function statements(text: string, serverMajor = 18): readonly StatementFacts[] {
  const analysis = analyze(text, serverMajor)
  if (analysis.kind !== 'parsed') throw new Error(`${JSON.stringify(analysis)}: ${text}`)
  return analysis.statements
}

/** Of a text with one statement. */
export function facts(text: string, serverMajor = 18): StatementFacts {
  const [first, ...others] = statements(text, serverMajor)
  if (first === undefined || others.length > 0) throw new Error(`not one statement: ${text}`)
  return first
}
