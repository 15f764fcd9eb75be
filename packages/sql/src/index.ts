/**
 * What a PostgreSQL statement would do, as far as its text tells. Pure: no connection, no catalog of a database, and
 * nothing here throws on bad input.
 */
export { type AccessOptions, accessOf, deallocated, type OwnNames } from './access.ts'
export { analyzeStatement, loadParser, MAX_INLINE_CHARACTERS } from './analyze.ts'
export { LargeAnalyzer } from './analyze-large.ts'
export { cutLiterals, MAX_CUTS } from './cut-literals.ts'
export {
  type Analysis,
  type AnalysisOptions,
  type Command,
  type Effect,
  NEWEST_SERVER_MAJOR,
  type SizeLimit,
  type StatementFacts,
  type StatementPart,
  type TableName,
  type TableUse,
} from './facts.ts'
export { type Review, reviewParameter, reviewText } from './review-text.ts'
export { type FoundLiteral, type SegmentSpan, stringLiterals, touchedLiterals } from './touched-literals.ts'
export type { CopyFormat, InnerQuery, PlainArgument, UtilityFacts } from './utility-facts.ts'
