import { analyzeStatement } from './analyze.ts'
import { type Analysis, type Command, isPlainRead, type StatementFacts } from './facts.ts'
import { tableName } from './names.ts'

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

/** Of a text with one statement that is neither for the session nor for its transaction. */
export function command(text: string, serverMajor = 18): Command {
  const found = facts(text, serverMajor)
  if (found.kind !== 'command') throw new Error(`no command: ${text}`)
  return found
}

/** `read orders`, `write public.orders`; the effect alone is on the connection. */
export function uses(text: string, serverMajor = 18): string[] {
  return command(text, serverMajor).uses.map(({ effect, table }) =>
    table === null ? effect : `${effect} ${tableName(table)}`,
  )
}

/** `plain` for a plain read, else what the text does not tell, or what it changes. */
export function judged(text: string, serverMajor = 18): string {
  const found = facts(text, serverMajor)
  if (isPlainRead(found)) return 'plain'
  if (found.kind !== 'command') return found.kind
  if (found.refusal !== null) return `refused: ${found.refusal.what}`
  return found.unknown.length === 0
    ? uses(text, serverMajor).join(', ')
    : found.unknown.map(({ what }) => what).join('; ')
}
