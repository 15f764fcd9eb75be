/** How a command ends when it can't do what was asked: a message for the person, and an exit code for the script. */

/** Documented in the README; scripts rely on them. */
export const EXIT_CODES = {
  ok: 0,
  /** Something else went wrong; the message says what. */
  failed: 1,
  /** The command was not written as its help says. */
  usage: 2,
  /** No token, or one that is not accepted. */
  unauthenticated: 3,
  /** Known, but not allowed. */
  forbidden: 4,
  notFound: 5,
  /** Nothing answers there: Sluice is not running, or the address is wrong. */
  unreachable: 6,
  /** It is not in the state for that: an approval has ended, or this person has voted. */
  conflict: 7,
} as const
export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES]

export class CliFailure extends Error {
  readonly exitCode: ExitCode

  constructor(message: string, exitCode: ExitCode = EXIT_CODES.failed, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CliFailure'
    this.exitCode = exitCode
  }
}
