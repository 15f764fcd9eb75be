/** What each verb gets besides its own options. */
import { consoleAccess } from '../console/access.ts'
import { ConsoleClient } from '../console/client.ts'
import type { Output } from '../terminal/output.ts'
import { DEFAULT_STATE_DIR } from '../up/layout.ts'

export type VerbContext = {
  readonly output: Output
  readonly environment: NodeJS.ProcessEnv
  /** Null: the default. */
  readonly stateDir: string | null
}

export type AskingFlags = { readonly as?: string; readonly json?: true }

export function stateDirOf({ stateDir }: VerbContext): string {
  return stateDir ?? DEFAULT_STATE_DIR
}

/** A client for the console, as whoever was named, or as who usually asks this. */
export async function clientFor(
  context: VerbContext,
  { as }: AskingFlags,
  otherwise: 'agent' | 'owner' | 'admin',
): Promise<ConsoleClient> {
  const { environment } = context
  return new ConsoleClient(await consoleAccess({ stateDir: stateDirOf(context), environment, as, otherwise }))
}
