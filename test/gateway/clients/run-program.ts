// Runs a foreign client as a process of its own, with nothing of the caller's environment but where programs are.

import { type ChildProcess, spawn } from 'node:child_process'

/** Less than a hook may take, so that what came of it until then is told. */
const DEADLINE_MS = 100_000

export type ProgramOptions = {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  readonly onStart?: (child: ChildProcess) => Promise<void>
}

export type ProgramResult = {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export async function runProgram(
  command: string,
  args: readonly string[],
  { env = {}, input = '', onStart }: ProgramOptions = {},
): Promise<ProgramResult> {
  const child = spawn(command, args, {
    // A session of its own, without the terminal: whoever asks for a password asks on standard input.
    detached: true,
    stdio: 'pipe',
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', LC_ALL: 'C', TZ: 'UTC', ...env },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  // It may end without reading.
  child.stdin.on('error', () => undefined).end(input)
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  try {
    await Promise.all([onStart?.(child), ended])
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  return { code: await ended, stdout, stderr }
}
