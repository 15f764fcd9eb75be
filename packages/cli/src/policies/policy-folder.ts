/** A configuration folder as the policy verbs read it: `sluice.yaml`, `policies/*.cedar`, `policies/tests/*.yaml`. */
import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { loadConfig, type SluiceConfig } from '@sluice/config'
import type { PolicyFile } from '@sluice/events'
import type { PolicyConnection } from '@sluice/policy'
import { CliFailure, EXIT_CODES } from '../failure.ts'
import { stateDirOf, type VerbContext } from '../verbs/context.ts'

export type PolicyFlags = { readonly config?: string; readonly json?: true }

export type PolicyFolder = {
  readonly config: SluiceConfig
  /** By name, in order; their paths are in `policiesDir`. */
  readonly files: readonly PolicyFile[]
  /** `tests/x.yaml`, in order. */
  readonly tests: readonly PolicyFile[]
  readonly policiesDir: string
}

const MAX_FILE_BYTES = 1_048_576
const MAX_FILES = 1_000

/** @throws CliFailure or ConfigInvalid where a file is missing or can't be read; what is wrong in policies is for the check */
export async function readPolicyFolder({ config: dir }: PolicyFlags, context: VerbContext): Promise<PolicyFolder> {
  const folder = dir ?? stateDirOf(context)
  const file = join(folder, 'sluice.yaml')
  if (!existsSync(file)) {
    throw new CliFailure(
      `there is no ${file}; name the folder that has it with --config DIR, or start the demo once: npm start`,
      EXIT_CODES.notFound,
    )
  }
  const config = await loadConfig(file)
  const policiesDir = config.policies.dir
  if (!existsSync(policiesDir)) {
    throw new CliFailure(
      `there is no folder ${policiesDir}; make it and put *.cedar files there, such as those of packages/policy/starter`,
      EXIT_CODES.notFound,
    )
  }
  await checkNoneIsPassedOver(policiesDir)
  return {
    config,
    files: await filesIn(policiesDir, '', /\.cedar$/),
    tests: await filesIn(policiesDir, 'tests', /\.ya?ml$/),
    policiesDir,
  }
}

/** A forbid that nobody reads forbids nothing, so a file in the wrong place must not go unnoticed. */
async function checkNoneIsPassedOver(policiesDir: string): Promise<void> {
  const all = await readdir(policiesDir, { recursive: true })
  const lost = all.find((path) => {
    const isRead = dirname(path) === '.' && path.endsWith('.cedar')
    return /\.cedar$/i.test(path) && !basename(path).startsWith('.') && !isRead
  })
  if (lost === undefined) return
  throw new CliFailure(
    `${join(policiesDir, lost)} would not be read: policies lie directly in ${policiesDir}, in files that end in .cedar; move it there`,
  )
}

async function filesIn(policiesDir: string, folder: string, named: RegExp): Promise<readonly PolicyFile[]> {
  const dir = join(policiesDir, folder)
  if (!existsSync(dir)) return []
  const names = (await readdir(dir)).filter((name) => named.test(name) && !name.startsWith('.')).sort()
  if (names.length > MAX_FILES) {
    throw new CliFailure(`${dir} has ${names.length} files; at most ${MAX_FILES} are read. Is it the right folder?`)
  }
  return Promise.all(names.map(async (name) => ({ name: join(folder, name), text: await textOf(join(dir, name)) })))
}

async function textOf(file: string): Promise<string> {
  try {
    const { size } = await stat(file)
    if (size > MAX_FILE_BYTES) {
      throw new CliFailure(`${file} has ${size} bytes; a file of policies has at most ${MAX_FILE_BYTES}. Split it`)
    }
    return await readFile(file, 'utf8')
  } catch (cause) {
    if (cause instanceof CliFailure) throw cause
    const { code } = cause as NodeJS.ErrnoException
    throw new CliFailure(`${file} can't be read (${code}); check who may read it`, EXIT_CODES.failed, { cause })
  }
}

/** A connection as policies see it; null where there is none of that name. */
export function connectionOf({ config: { connections } }: PolicyFolder, name: string): PolicyConnection | null {
  const connection = Object.hasOwn(connections, name) ? connections[name] : undefined
  if (connection === undefined) return null
  const { protocol, labels, demo } = connection
  return { name, protocol, labels, demo }
}

/** The path to a file of the folder as one would type it here. */
export function pathOf({ policiesDir }: PolicyFolder, name: string): string {
  const path = join(policiesDir, name)
  const short = relative(process.cwd(), path)
  return short.startsWith('..') ? path : short
}
