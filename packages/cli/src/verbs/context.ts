/** What each verb gets besides its own options. */
import { consoleAccess, type RunningDemo, readRunningDemo } from '../console/access.ts'
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

const DEMO_CONNECTION = 'shop'

/** The demo that is asked, if any, and the connection that is meant: the demo has one to begin with. */
export async function placeOf(
  context: VerbContext,
  flags: AskingFlags & { readonly connection?: string },
): Promise<{ readonly demo: RunningDemo | null; readonly connection: string | undefined }> {
  const inDemo = context.environment['SLUICE_URL'] === undefined || flags.as !== undefined
  const demo = inDemo ? await readRunningDemo(stateDirOf(context)) : null
  return { demo, connection: flags.connection ?? (demo === null ? undefined : DEMO_CONNECTION) }
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
