/** `sluice up`: the demo with all its parts, from an empty folder to a block to copy from, until it is told to stop. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DemoAudience, DemoName } from '@sluice/demo'
import { RUNNING_FILE, type RunningDemo } from '../console/access.ts'
import { ConsoleClient } from '../console/client.ts'
import { CliFailure, EXIT_CODES, type ExitCode } from '../failure.ts'
import type { Output } from '../terminal/output.ts'
import { type ChildEvents, ChildNotStarted } from './child.ts'
import { configText, demoSettings } from './demo-config.ts'
import { writeAtomically } from './files.ts'
import { type Layout, layoutOf, ROOT } from './layout.ts'
import { boundLogFiles, watchLogFiles } from './log-files.ts'
import { masksInForce } from './masking-plan.ts'
import { makeMaterials } from './materials.ts'
import { partsOf } from './parts.ts'
import { allotPorts, type PortName, type Ports } from './ports.ts'
import { endLeftovers, ProcessList } from './processes.ts'
import { readyFileOf, removeReadyFile, writeReadyFile } from './ready-file.ts'
import { Screen } from './screen.ts'
import { claimStateFolder, emptyStateFolder, openStateFolder } from './state-folder.ts'
import { takeLock } from './state-lock.ts'
import { stopSignal } from './stop-signal.ts'
import { type ReadyParts, Supervisor } from './supervisor.ts'
import { checkPlatform, explained } from './trouble.ts'

export type UpOptions = {
  readonly stateDir: string
  readonly fresh: boolean
  readonly readyFile: string | null
  /** Where they differ from the defaults; 0 takes a free one. */
  readonly ports: Partial<Record<PortName, number>>
  readonly workingDir: string
  readonly environment: NodeJS.ProcessEnv
}

/** The ticket in a ready file is for programs that run for a while; the one on the screen lasts as long as any. */
const READY_FILE_TICKET_S = 3_600
const LEFTOVER_PATIENCE_MS = 200
const PLAN_PATIENCE_MS = 60_000

export async function up(options: UpOptions, output: Output): Promise<ExitCode> {
  const layout = layoutOf(options.stateDir)
  // Everything that this process and its children write is for their user alone.
  process.umask(0o077)
  const stop = stopSignal()
  try {
    checkPlatform()
    claimStateFolder(layout)
    const lock = takeLock(layout.lock, layout.dir)
    try {
      return await run(options, layout, new Screen(output), stop)
    } finally {
      lock.release()
    }
  } catch (error) {
    throw explained(error, layout.dir)
  }
}

async function run(options: UpOptions, layout: Layout, screen: Screen, stop: Promise<'stop'>): Promise<ExitCode> {
  const { readyFile, workingDir } = options
  if (readyFile !== null) removeReadyFile(readyFile)
  await endLeftovers(layout)
  if (options.fresh) {
    await (await demo()).stopLeftoverPostgres(layout.postgres)
    await emptyStateFolder(layout)
  }
  openStateFolder(layout)
  await makeMaterials(layout)
  const ports = await allotPorts(options.ports)
  writeAtomically(layout.config, configText(layout, ports))
  writeAtomically(layout.demoSettings, `${JSON.stringify(demoSettings(layout, ports), null, 2)}\n`)
  boundLogFiles(layout.logs)

  const processes = new ProcessList(layout)
  const supervisor = new Supervisor(partsOf(layout), {
    logsDir: layout.logs,
    environment: childEnvironment(options.environment),
    events: eventsTo(screen, processes),
  })
  const unwatch = watchLogFiles(layout.logs)
  try {
    const started = begin(supervisor, options, layout, ports, screen)
    started.catch(() => undefined) // a stop meanwhile must not find it unhandled
    const outcome = await Promise.race([started, stop])
    if (outcome !== 'stop') await stop
    screen.stopping()
    return EXIT_CODES.ok
  } catch (error) {
    if (!(error instanceof ChildNotStarted)) throw error
    screen.failed(error.child, error.message, supervisor.logFileOf(error.child), workingDir)
    return EXIT_CODES.failed
  } finally {
    unwatch()
    rmSync(join(layout.dir, RUNNING_FILE), { force: true })
    if (readyFile !== null) removeReadyFile(readyFile)
    await supervisor.stop()
    // Only where the process around it was killed just now.
    await (await demo()).stopLeftoverPostgres(layout.postgres, LEFTOVER_PATIENCE_MS)
    processes.clear()
    screen.stopped(layout.dir, workingDir)
  }
}

/** Starts the parts, and once all are ready makes what people and programs need to use them. */
async function begin(
  supervisor: Supervisor,
  { readyFile, workingDir }: UpOptions,
  layout: Layout,
  ports: Ports,
  screen: Screen,
): Promise<void> {
  screen.node(process.version)
  const ready = await supervisor.start((part, message) => screen.ready(part, message))
  await masksInForce(`http://127.0.0.1:${ports.proxyHealth}`, PLAN_PATIENCE_MS)
  const running = runningDemo(layout, ports, ready)
  const agentToken = await tokenFor(running, layout, 'agent', 'sluice:console')
  const client = consoleClient(running, layout, agentToken)
  const ticket = await client.ticket({ connection: 'shop' })
  writeAtomically(join(layout.dir, RUNNING_FILE), `${JSON.stringify(running, null, 2)}\n`)
  if (readyFile !== null) {
    const longer = await client.ticket({ connection: 'shop', ttlSeconds: READY_FILE_TICKET_S })
    const tokens = await allTokens(running, layout)
    writeReadyFile(readyFile, readyFileOf({ layout, ports, ticket: longer, tokens, ready }))
  }
  screen.copyBlock({ ticket, proxyPort: ports.proxy, caFile: layout.authority, stateDir: layout.dir, workingDir })
}

function runningDemo(layout: Layout, ports: Ports, ready: ReadyParts): RunningDemo {
  const issuer = ready.get('demo-identity')?.addresses['identity']
  if (issuer === undefined) throw new CliFailure("the demo's identity provider did not say where it listens")
  return {
    consoleUrl: `https://127.0.0.1:${ports.console}`,
    tokenEndpoint: `${issuer}/token`,
    caFile: layout.authority,
    proxyPort: ports.proxy,
  }
}

function consoleClient(running: RunningDemo, layout: Layout, token: string): ConsoleClient {
  return new ConsoleClient({ url: running.consoleUrl, authority: readFileSync(layout.authority, 'utf8'), token })
}

/** Loaded when the children are on their way: they have the processors until then. */
function demo(): Promise<typeof import('@sluice/demo')> {
  return import('@sluice/demo')
}

async function tokenFor(running: RunningDemo, layout: Layout, name: DemoName, audience: DemoAudience): Promise<string> {
  const { requestDemoToken } = await demo()
  return requestDemoToken({
    tokenEndpoint: running.tokenEndpoint,
    authority: readFileSync(layout.authority, 'utf8'),
    name,
    secret: readFileSync(layout.secrets[name], 'utf8'),
    audience,
  })
}

type Tokens = Record<DemoAudience, Record<DemoName, string>>

async function allTokens(running: RunningDemo, layout: Layout): Promise<Tokens> {
  const { AUDIENCES, DEMO_NAMES } = await demo()
  const tokens: Partial<Record<DemoAudience, Partial<Record<DemoName, string>>>> = {}
  for (const audience of AUDIENCES) {
    const byName: Partial<Record<DemoName, string>> = {}
    for (const name of DEMO_NAMES) byName[name] = await tokenFor(running, layout, name, audience)
    tokens[audience] = byName
  }
  return tokens as Tokens
}

/** The children share one cache of compiled code, which makes every start but the first a fast one. */
function childEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const cache = environment['NODE_COMPILE_CACHE'] ?? join(ROOT, 'node_modules/.cache/sluice')
  const { NODE_OPTIONS: _options, ...rest } = environment
  return { ...rest, NODE_COMPILE_CACHE: cache }
}

function eventsTo(screen: Screen, processes: ProcessList): ChildEvents {
  return {
    started: (name, pid) => {
      try {
        processes.add(name, pid)
      } catch {
        // The disk is full, perhaps: the list only helps a start after a kill, and the parts go on.
      }
    },
    crashed: (name, outcome, delayMs) => screen.crashed(name, outcome, delayMs),
    back: (name) => screen.back(name),
  }
}
