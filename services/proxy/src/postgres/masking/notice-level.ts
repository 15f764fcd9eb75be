// Which notices a client wants: its `client_min_messages`, which the gateway keeps for it.

/** From what says most to what says least. Source: PostgreSQL documentation, "Error Reporting and Logging". */
const LEVELS: readonly string[] = [
  'debug5',
  'debug4',
  'debug3',
  'debug2',
  'debug1',
  'debug',
  'log',
  'notice',
  'warning',
  'error',
]

const DEFAULT_LEVEL = 'notice'

export const NOTICE_SETTING = 'client_min_messages'

export class NoticeLevel {
  #rank = LEVELS.indexOf(DEFAULT_LEVEL)

  /** Null goes back to the default; what is no level changes nothing. */
  set(level: string | null): void {
    const rank = LEVELS.indexOf((level ?? DEFAULT_LEVEL).toLowerCase())
    if (rank >= 0) this.#rank = rank
  }

  /** INFO is what was asked for, so it always comes. */
  wants(severity: string): boolean {
    return severity === 'INFO' || LEVELS.indexOf(severity.toLowerCase()) >= this.#rank
  }
}
