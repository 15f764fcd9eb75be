/** `sluice up`: from flags to options. */
import type { ExitCode } from '../failure.ts'
import { DEFAULT_PORTS, type PortName } from '../up/ports.ts'
import { up } from '../up/up.ts'
import { stateDirOf, type VerbContext } from './context.ts'

export type UpFlags = {
  readonly fresh?: true
  readonly readyFile?: string
  readonly proxyPort?: number
  readonly consolePort?: number
  readonly freePorts?: true
}

export function runUp(flags: UpFlags, context: VerbContext): Promise<ExitCode> {
  return up(
    {
      stateDir: stateDirOf(context),
      fresh: flags.fresh === true,
      readyFile: flags.readyFile ?? null,
      ports: wantedPorts(flags),
      workingDir: process.cwd(),
      environment: context.environment,
    },
    context.output,
  )
}

function wantedPorts({ freePorts, proxyPort, consolePort }: UpFlags): Partial<Record<PortName, number>> {
  const free = freePorts === true ? Object.fromEntries(Object.keys(DEFAULT_PORTS).map((name) => [name, 0])) : {}
  return {
    ...free,
    ...(proxyPort === undefined ? {} : { proxy: proxyPort }),
    ...(consolePort === undefined ? {} : { console: consolePort }),
  }
}
