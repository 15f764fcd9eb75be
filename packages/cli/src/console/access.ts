/**
 * Where the console is and who asks: SLUICE_URL, SLUICE_CA and SLUICE_TOKEN; or, in the demo, one of its people, whose
 * secret is in the state folder.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CliFailure, EXIT_CODES } from '../failure.ts'
import type { ConsoleAccess } from './client.ts'

export type AccessOptions = {
  readonly stateDir: string
  readonly environment: NodeJS.ProcessEnv
  /** `--as NAME`; overrides SLUICE_TOKEN. */
  readonly as?: string | undefined
  /** Who it is in the demo where nobody was named. */
  readonly otherwise: 'agent' | 'owner' | 'admin'
}

/** What the supervisor writes about the running demo. */
export type RunningDemo = {
  readonly consoleUrl: string
  readonly tokenEndpoint: string
  readonly caFile: string
  readonly proxyPort: number
}

export const RUNNING_FILE = 'running.json'

export async function consoleAccess(options: AccessOptions): Promise<ConsoleAccess> {
  const { SLUICE_URL, SLUICE_CA, SLUICE_TOKEN } = options.environment
  if (options.as === undefined && SLUICE_TOKEN !== undefined && SLUICE_TOKEN !== '') {
    const demo = SLUICE_URL === undefined ? await readRunningDemo(options.stateDir) : null
    const caFile = SLUICE_CA ?? demo?.caFile
    return {
      url: checkedUrl(SLUICE_URL ?? demo?.consoleUrl ?? ''),
      authority: caFile === undefined ? null : await readAuthority(caFile),
      token: SLUICE_TOKEN,
    }
  }
  if (options.as === undefined && SLUICE_URL !== undefined) {
    throw new CliFailure(
      'SLUICE_URL is set, but SLUICE_TOKEN is not; set it to a token for the console',
      EXIT_CODES.unauthenticated,
    )
  }
  const demo = await readRunningDemo(options.stateDir)
  const authority = await readAuthority(demo.caFile)
  const token = await demoToken(options, demo, authority)
  return { url: demo.consoleUrl, authority, token }
}

export async function readRunningDemo(stateDir: string): Promise<RunningDemo> {
  try {
    return JSON.parse(await readFile(join(stateDir, RUNNING_FILE), 'utf8'))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EACCES') {
      throw new CliFailure(`${stateDir} belongs to another user; run this as that user`, EXIT_CODES.forbidden, {
        cause,
      })
    }
    throw new CliFailure(
      'the demo is not running here; start it with: npm start. For another Sluice set SLUICE_URL, SLUICE_CA and SLUICE_TOKEN',
      EXIT_CODES.unreachable,
      { cause },
    )
  }
}

async function demoToken(options: AccessOptions, demo: RunningDemo, authority: string): Promise<string> {
  const { DEMO_NAMES, isDemoName, requestDemoToken } = await import('@sluice/demo')
  const name = options.as ?? options.otherwise
  if (!isDemoName(name)) {
    throw new CliFailure(`there is no ${name} in the demo; there are ${DEMO_NAMES.join(', ')}`, EXIT_CODES.usage)
  }
  const secret = (await readFile(join(options.stateDir, 'secrets', `identity-${name}`), 'utf8')).trim()
  return requestDemoToken({
    tokenEndpoint: demo.tokenEndpoint,
    authority,
    name,
    secret,
    audience: 'sluice:console',
  }).catch((cause: Error) => {
    throw new CliFailure(`the demo's identity provider gave no token: ${cause.message}`, EXIT_CODES.unreachable, {
      cause,
    })
  })
}

function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url?.protocol === 'https:') return text
  throw new CliFailure('SLUICE_URL must be an https:// URL, such as https://localhost:15443', EXIT_CODES.usage)
}

async function readAuthority(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new CliFailure(`the CA file ${file} can't be read (${cause.code}); check SLUICE_CA`, EXIT_CODES.usage, {
      cause,
    })
  })
}
