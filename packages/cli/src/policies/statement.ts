/** What a statement would do, read as the proxy reads it. */
import type { StatementAccess } from '@sluice/policy'
import {
  accessOf,
  analyzeStatement,
  LargeAnalyzer,
  loadParser,
  MAX_INLINE_CHARACTERS,
  NEWEST_SERVER_MAJOR,
} from '@sluice/sql'

/** Where PostgreSQL looks for names without a schema, unless somebody changed it. */
const SCHEMAS = ['public']

export async function accessOfText(text: string, connection: string): Promise<StatementAccess> {
  await loadParser()
  const options = { serverMajor: NEWEST_SERVER_MAJOR }
  if (text.length <= MAX_INLINE_CHARACTERS) {
    return accessOf(analyzeStatement(text, options), { connection, schemas: SCHEMAS })
  }
  const analyzer = new LargeAnalyzer()
  try {
    return accessOf(await analyzer.analyze(text, options), { connection, schemas: SCHEMAS })
  } finally {
    await analyzer.close()
  }
}
