// What other sessions notice of many commands that wait: a steady load of small reads, while the sessions of the others
// are idle, while they all ask for an approval at once, and while they all wait for one.

import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { WireClient } from '../stand/wire-client.ts'
import { type ApprovalBench, startApprovalBench, update } from './approval-bench.ts'
import type { LoadAnswer, LoadFigures, LoadOrder } from './paced-load.ts'
import { nextMessage, type Running, start } from './processes.ts'
import type { Upstream } from './upstream.ts'

export const HELD = 200
export const LOAD_SESSIONS = 20
export const LOAD_PER_SECOND = 1_000
/** All ask within a part of it. */
export const ASKING_SECONDS = 2
const ASKED_AFTER_MS = 250
const WARM_UP_SECONDS = 3
/** From the end of what was asked until nothing of it is under way. */
const SETTLE_MS = 1_500
/** Beyond the seconds that it was told to run. */
const LOAD_TIMEOUT_MS = 30_000
const LOAD = fileURLToPath(new URL('paced-load.ts', import.meta.url))

export type HeldFigures = {
  readonly idle: LoadFigures
  readonly asking: LoadFigures
  readonly waiting: LoadFigures
}

type Load = { readonly running: Running; readonly run: (seconds: number) => Promise<LoadFigures> }

const startLoad = async ({ stand: { proxy }, login }: ApprovalBench): Promise<Load> => {
  const running = start(process.execPath, [LOAD], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  const obey = async (order: LoadOrder, seconds = 0): Promise<LoadFigures | null> => {
    const answered = nextMessage<LoadAnswer>(running, LOAD_TIMEOUT_MS + seconds * 1000)
    running.child.send(order)
    const { figures, failure } = await answered
    if (failure !== null) throw new Error(failure)
    return figures
  }
  const endpoint = { port: proxy.port, ...login, database: 'shop', authority: proxy.authority }
  try {
    await obey({ kind: 'open', endpoint, sessions: LOAD_SESSIONS })
  } catch (error) {
    await running.stop()
    throw error
  }
  return {
    running,
    run: async (seconds) => {
      const figures = await obey({ kind: 'run', perSecond: LOAD_PER_SECOND, seconds }, seconds)
      if (figures === null) throw new Error('the load told nothing')
      return figures
    },
  }
}

const askAll = (sessions: readonly WireClient[]): void => {
  for (const [index, session] of sessions.entries()) session.send(update(1 + index, 'shipped'))
}

/** The other order in every other round: what comes later is not always the same. */
const measureRound = async (bench: ApprovalBench, load: Load, round: number, seconds: number): Promise<HeldFigures> => {
  const idleFirst = round % 2 === 0
  let sessions = await bench.openSessions(HELD)
  const leave = async (): Promise<void> => {
    for (const session of sessions) session.end()
    await bench.untilHeld(0)
    await sleep(SETTLE_MS)
  }
  const measureIdle = async (): Promise<LoadFigures> => {
    await sleep(SETTLE_MS)
    return load.run(seconds)
  }
  const idleBefore = idleFirst ? await measureIdle() : null
  const [asking] = await Promise.all([load.run(ASKING_SECONDS), sleep(ASKED_AFTER_MS).then(() => askAll(sessions))])
  await bench.untilHeld(HELD)
  await sleep(SETTLE_MS)
  const waiting = await load.run(seconds)
  if ((await bench.held()) !== HELD) throw new Error(`not all of the ${HELD} commands waited to the end`)
  await leave()
  if (idleBefore !== null) return { idle: idleBefore, asking, waiting }
  sessions = await bench.openSessions(HELD)
  const idle = await measureIdle()
  await leave()
  return { idle, asking, waiting }
}

export const measureHeld = async (
  upstream: Upstream,
  rounds: number,
  seconds: number,
  onRound: (figures: HeldFigures) => void,
): Promise<readonly HeldFigures[]> => {
  const bench = await startApprovalBench(upstream)
  let load: Load | null = null
  try {
    load = await startLoad(bench)
    await load.run(WARM_UP_SECONDS)
    const all: HeldFigures[] = []
    while (all.length < rounds) {
      const figures = await measureRound(bench, load, all.length, seconds)
      onRound(figures)
      all.push(figures)
    }
    return all
  } finally {
    await load?.running.stop()
    await bench.stop()
  }
}
