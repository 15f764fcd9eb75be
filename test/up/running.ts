/** `sluice up` as a child process, as a person or a program starts it, on a state folder of its own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { removePostgres } from '@sluice/demo'

const SLUICE = join(import.meta.dirname, '../../sluice')
const READY_MS = 120_000
const POLL_MS = 50
const REMOVE_MS = 10_000

export type Ready = {
  readonly postgres: { readonly url: string }
  readonly console: { readonly url: string }
  readonly caFile: string
  readonly tokens: Readonly<Record<'agent' | 'owner' | 'admin', string>>
  readonly proxyTokens: Readonly<Record<'agent' | 'owner' | 'admin', string>>
  readonly health: Readonly<Record<string, string>>
  readonly stateDir: string
  readonly pids: Readonly<Record<string, number>>
}

export type Run = {
  readonly child: ChildProcess
  readonly ready: Ready
  readonly readyMs: number
  readonly screen: () => string
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

export class Place {
  readonly dir = mkdtempSync(join(tmpdir(), 'sluice-up-test-'))
  readonly state = join(this.dir, 'state')
  readonly readyFile = join(this.dir, 'ready.json')
  readonly #runs: ChildProcess[] = []

  /** Starts and waits until the ready file is there, or the start has failed. */
  async up(...flags: string[]): Promise<Run> {
    // That of a killed run: the start removes it too, but not before this would have found it.
    rmSync(this.readyFile, { force: true })
    const began = performance.now()
    const child = spawn(
      SLUICE,
      ['up', '--state', this.state, '--free-ports', '--ready-file', this.readyFile, ...flags],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    this.#runs.push(child)
    let screen = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (screen += chunk.toString()))
    const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
      child.once('exit', (code, signal) => resolve({ code, signal })),
    )
    while (!existsSync(this.readyFile)) {
      if (child.exitCode !== null || performance.now() - began > READY_MS) throw new Error(`not ready:\n${screen}`)
      await sleep(POLL_MS)
    }
    const readyMs = performance.now() - began
    return { child, ready: JSON.parse(readFileSync(this.readyFile, 'utf8')), readyMs, screen: () => screen, ended }
  }

  /** Runs a verb; what it wrote, and its exit code. */
  sluice(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    return new Promise((resolve) => {
      execFile(SLUICE, ['--state', this.state, ...words], { maxBuffer: 64 * 1_048_576 }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
      })
    })
  }

  /** Processes that were started for this state folder or hold files in it: PostgreSQL and ClickHouse included. */
  processes(): readonly number[] {
    const pointer = join(this.state, 'postgres/elsewhere')
    const folders = [this.state, ...(existsSync(pointer) ? [readFileSync(pointer, 'utf8')] : [])]
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => folders.some((folder) => commandOf(pid).includes(folder) || holdsFileIn(pid, folder)))
  }

  async remove(): Promise<void> {
    for (const run of this.#runs) run.kill('SIGKILL')
    // The children end by themselves, and would write into a folder that is being deleted.
    await eventually(
      () => this.processes(),
      (pids) => pids.length === 0,
      REMOVE_MS,
    )
    removePostgres(join(this.state, 'postgres'))
    rmSync(this.dir, { recursive: true, force: true })
  }
}

/** Asks again until it holds, for what other processes do in their own time. */
export async function eventually<T>(
  question: () => Promise<T> | T,
  holds: (answer: T) => boolean,
  withinMs: number,
): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const answer = await question()
    if (holds(answer) || performance.now() > deadline) return answer
    await sleep(POLL_MS)
  }
}

function holdsFileIn(pid: number, folder: string): boolean {
  try {
    const files = readdirSync(`/proc/${pid}/fd`).map((descriptor) => readlinkSync(`/proc/${pid}/fd/${descriptor}`))
    return files.some((file) => file.startsWith(`${folder}/`))
  } catch {
    return false
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
