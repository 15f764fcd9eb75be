// Child processes of the benchmark: starting, waiting for readiness, stopping; their CPU time and memory (Linux).

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const READY_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 10_000
const POLL_MS = 20
const MAX_SAID_CHARACTERS = 4000

/** Microseconds on a processor of each thread of a process, by `name id`. */
export const cpuMicrosByThread = (pid: number): ReadonlyMap<string, number> => {
  const threads = new Map<string, number>()
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const nanos = Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
      threads.set(`${readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8').trim()} ${thread}`, nanos / 1000)
    } catch {
      // The thread ended between the reads.
    }
  }
  return threads
}

export const cpuMicros = (pid: number): number =>
  [...cpuMicrosByThread(pid).values()].reduce((total, micros) => total + micros, 0)

const statusBytes = (pid: number, field: string): number => {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8')
    .split('\n')
    .find((text) => text.startsWith(field))
  return Number(/\d+/.exec(line ?? '')?.[0] ?? Number.NaN) * 1024
}

export const residentBytes = (pid: number): number => statusBytes(pid, 'VmRSS:')
export const peakResidentBytes = (pid: number): number => statusBytes(pid, 'VmHWM:')

export const sum = (pids: readonly number[], of: (pid: number) => number): number =>
  pids.reduce((total, pid) => total + of(pid), 0)

/** A port that was free a moment ago, for programs that can't say which one they took. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

export type Running = {
  readonly pid: number
  readonly child: ChildProcess
  readonly stop: () => Promise<void>
  /** The end of what it wrote to stderr, and to stdout where that is piped. */
  readonly said: () => string
}

/** Starts a program; what it says on stderr is shown only where it ends by itself. */
export const start = (
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
  stopSignal: NodeJS.Signals = 'SIGINT',
): Running => {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], ...options })
  let said = ''
  let stopping = false
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-MAX_SAID_CHARACTERS)
    })
  }
  child.once('exit', (code, signal) => {
    if (!stopping) console.error(`${command} ended (${code ?? signal}):\n${said}`)
  })
  child.once('error', (error) => console.error(`${command} can't start: ${error.message}`))
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    stopping = true
    const ended = once(child, 'exit')
    child.kill(stopSignal)
    const killer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await ended
    clearTimeout(killer)
  }
  return { pid: child.pid ?? 0, child, stop, said: () => said }
}

/** Waits until something accepts connections there; fails when the process ended before. */
export const accepts = async (port: number, { child }: Running): Promise<void> => {
  const deadline = Date.now() + READY_TIMEOUT_MS
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('ended before it was ready')
    const socket = connect(port, '127.0.0.1')
    const connected = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (connected) return
    await sleep(POLL_MS)
  }
  throw new Error(`nothing accepts connections on port ${port}`)
}

/** The next message that a forked process sends. */
export const nextMessage = async <T>({ child }: Running, timeoutMs = READY_TIMEOUT_MS): Promise<T> => {
  const over = new AbortController()
  const { signal } = over
  const fail = (why: string) => (): never => {
    throw new Error(why)
  }
  try {
    const [message] = (await Promise.race([
      once(child, 'message', { signal }),
      once(child, 'exit', { signal }).then(fail('ended before it answered')),
      sleep(timeoutMs, undefined, { ref: false, signal }).then(fail('did not answer in time')),
    ])) as [T]
    return message
  } finally {
    over.abort()
  }
}
