// What a question may be made of. Everything that is not here is refused: new functions of the database are not open
// until someone has looked at them.

/** Tables and views of the index (infra/clickhouse/migrations). `system.one` is what a SELECT without FROM reads. */
export const TABLES: ReadonlySet<string> = new Set([
  'access',
  'access_by_day',
  'agents',
  'commands',
  'denials',
  'denied',
  'events',
  'failed',
  'objects',
  'open_sessions',
  'queries',
  'reads',
  'session_gaps',
  'sessions',
  'statements',
  'subjects',
  'unfinished',
  'writes',
])

const AGGREGATES = `any anyLast anyHeavy argMax argMin avg corr count countDistinct covarPop covarSamp entropy first_value
  groupArray groupUniqArray histogram last_value max median min quantile quantileExact quantiles quantilesExact
  skewPop stddevPop stddevSamp sum sumMap topK topKWeighted uniq uniqCombined uniqExact uniqHLL12 varPop varSamp`

const WINDOW_FUNCTIONS = 'row_number rank dense_rank percent_rank ntile lag lead lagInFrame leadInFrame nth_value'

/** How operators and syntax appear in the tree; some are also names that people call. */
const OPERATORS = `plus minus multiply divide modulo negate intDiv equals notEquals less greater lessOrEquals
  greaterOrEquals and or not xor in notIn like notLike ilike notILike isNull isNotNull isDistinctFrom isNotDistinctFrom
  concat tuple tupleElement array arrayElement map lambda if multiIf caseWithExpression CAST _CAST exists between match
  isZeroOrNull toBool`

const CONVERSIONS = `toString toInt8 toInt16 toInt32 toInt64 toUInt8 toUInt16 toUInt32 toUInt64 toFloat32 toFloat64 toUUID
  toUUIDOrNull toUUIDOrZero toInt64OrNull toInt64OrZero toUInt64OrNull toUInt64OrZero toFloat64OrNull toFloat64OrZero
  toDecimal64 toTypeName toNullable assumeNotNull coalesce ifNull nullIf accurateCastOrNull accurateCast`

const TIMES = `now now64 today yesterday toDate toDate32 toDateTime toDateTime64 toUnixTimestamp toUnixTimestamp64Milli
  toUnixTimestamp64Micro fromUnixTimestamp fromUnixTimestamp64Milli fromUnixTimestamp64Micro toYear toQuarter toMonth
  toWeek toISOWeek toISOYear toDayOfYear toDayOfMonth toDayOfWeek toHour toMinute toSecond toStartOfYear toStartOfQuarter
  toStartOfMonth toStartOfWeek toMonday toStartOfDay toStartOfHour toStartOfMinute toStartOfFiveMinutes
  toStartOfTenMinutes toStartOfFifteenMinutes toStartOfSecond toStartOfInterval toYYYYMM toYYYYMMDD toYYYYMMDDhhmmss
  toTimeZone dateDiff date_diff dateAdd date_add dateSub date_sub dateTrunc date_trunc age addDays addHours addMinutes
  addSeconds addWeeks addMonths addYears subtractDays subtractHours subtractMinutes subtractSeconds subtractWeeks
  subtractMonths subtractYears formatDateTime parseDateTimeBestEffort parseDateTimeBestEffortOrNull
  parseDateTime64BestEffort parseDateTime64BestEffortOrNull toIntervalSecond toIntervalMinute toIntervalHour
  toIntervalDay toIntervalWeek toIntervalMonth toIntervalQuarter toIntervalYear timeSlot extract year month day hour
  minute second UUIDv7ToDateTime`

const STRINGS = `lower upper lowerUTF8 upperUTF8 length lengthUTF8 char_length character_length empty notEmpty substring
  substr mid substringUTF8 left right position positionCaseInsensitive locate replace replaceOne replaceAll
  replaceRegexpOne replaceRegexpAll reverse trim trimLeft trimRight trimBoth ltrim rtrim splitByChar splitByString
  splitByWhitespace splitByNonAlpha arrayStringConcat startsWith endsWith hasToken hasTokenCaseInsensitive hasAnyTokens
  hasAllTokens multiSearchAny countSubstrings regexpExtract extractAll leftPad rightPad hex unhex
  base64Encode initcap ascii`

const COLLECTIONS = `has hasAny hasAll indexOf countEqual arrayJoin arrayMap arrayFilter arrayCount arrayExists arrayAll
  arraySum arrayAvg arrayMin arrayMax arraySort arrayReverseSort arrayReverse arrayDistinct arrayUniq arrayConcat
  arraySlice arrayFlatten arrayFirst arrayLast arrayZip arrayEnumerate arrayIntersect arrayPushBack mapKeys mapValues
  mapContains JSONExtractString JSONExtractInt JSONExtractFloat JSONExtractBool JSONExtractRaw JSONHas JSONLength`

const NUMBERS = `abs round floor ceil ceiling trunc sqrt exp ln log log2 log10 pow power sign greatest least mod
  isNaN isFinite bitAnd bitOr bitXor formatReadableSize formatReadableQuantity formatReadableTimeDelta runningDifference
  bar cityHash64 sipHash64`

/** Aggregates take these endings: `countIf`, `sumOrNull`. */
const AGGREGATE_ENDINGS = ['If', 'OrNull', 'OrDefault', 'Distinct', 'Array']

const words = (text: string): string[] => text.split(/\s+/)
const lower = (names: readonly string[]): Set<string> => new Set(names.map((name) => name.toLowerCase()))

const PLAIN = lower([WINDOW_FUNCTIONS, OPERATORS, CONVERSIONS, TIMES, STRINGS, COLLECTIONS, NUMBERS].flatMap(words))
const AGGREGATE = lower(words(AGGREGATES))

export function isAllowedFunction(name: string): boolean {
  const known = name.toLowerCase()
  if (PLAIN.has(known) || AGGREGATE.has(known)) return true
  const ending = AGGREGATE_ENDINGS.find((candidate) => known.endsWith(candidate.toLowerCase()))
  return ending !== undefined && AGGREGATE.has(known.slice(0, -ending.length))
}

/** Words of the language, and of its types, that may stand right before a parenthesis. */
export const WORDS_BEFORE_PARENTHESIS: ReadonlySet<string> = new Set(
  words(
    `select distinct on from join where prewhere having qualify by and or not in as over using union all except
    intersect when then else case with any between like ilike interval limit offset sets is top filter
    array tuple map nullable decimal datetime datetime64 fixedstring lowcardinality`,
  ),
)

/** Words of the language that lead out of a question: no column or table of the index has such a name. */
export const FORBIDDEN_WORDS: ReadonlyMap<string, string> = new Map([
  ['settings', 'settings are fixed here'],
  ['format', 'the format is fixed here'],
  ['into', 'an answer can only be shown, not written'],
  ['outfile', 'an answer can only be shown, not written'],
  ['infile', 'nothing can be read but the index'],
  ['apply', 'APPLY hides the function that it calls'],
  ['interpolate', 'INTERPOLATE is not available here'],
  ['recursive', 'recursive queries are not available here'],
  ['explain', 'only SELECT can be asked'],
  ['describe', 'only SELECT can be asked'],
  ['global', 'GLOBAL is for clusters'],
  ['sample', 'the tables of the index have no sampling'],
])

/** Nodes of the tree; others are refused by name. */
export const TREE_NODES: ReadonlySet<string> = new Set([
  'SelectWithUnionQuery',
  'SelectIntersectExceptQuery',
  'SelectQuery',
  'ExpressionList',
  'TablesInSelectQuery',
  'TablesInSelectQueryElement',
  'TableExpression',
  'TableIdentifier',
  'TableJoin',
  'ArrayJoin',
  'Subquery',
  'WithElement',
  'Function',
  'Identifier',
  'Literal',
  'Asterisk',
  'QualifiedAsterisk',
  'ColumnsTransformerList',
  'ColumnsExceptTransformer',
  'ColumnsReplaceTransformer',
  'ColumnsReplaceTransformer::Replacement',
  'OrderByElement',
  'WindowListElement',
  'WindowDefinition',
])
