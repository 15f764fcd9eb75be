// What is wrong with a policy set, for the one who writes it.

export type MistakeCode =
  /** Too many, too large, too deep: nothing further was read. */
  | 'bounds'
  | 'syntax'
  | 'id'
  | 'annotation'
  | 'approval_rule_unknown'
  /** Names something that Cedar's schema of Sluice does not know, or compares what can't be compared. */
  | 'schema'
  /** Can never take effect, or names what nothing is equal to. */
  | 'impossible'
  /** Cedar finds it odd, such as letters of several scripts that look alike. */
  | 'warning'

export type PolicyMistake = {
  readonly code: MistakeCode
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1, in characters. */
  readonly column: number
  /** What is wrong. No control characters, whatever the file holds. */
  readonly message: string
  /** What to write instead. */
  readonly fix: string
}

/** `policies/10.cedar:3:7: … ; …` */
export function mistakeLine({ file, line, column, message, fix }: PolicyMistake): string {
  return `${file}:${line}:${column}: ${message}; ${fix}`
}
