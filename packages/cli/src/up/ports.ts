/** The ports of a run. Those that people type stay as they are or are refused; the others give way to a free one. */
import { createServer, type Server } from 'node:net'
import { CliFailure } from '../failure.ts'

const HOST = '127.0.0.1'

export const DEFAULT_PORTS = {
  proxy: 15_432,
  console: 15_443,
  demoPostgres: 15_430,
  demoIdentity: 15_480,
  clickhouse: 15_481,
  proxyHealth: 15_490,
  maskerHealth: 15_491,
  indexerHealth: 15_492,
  consoleHealth: 15_493,
  approverHealth: 15_494,
} as const
export type PortName = keyof typeof DEFAULT_PORTS
export type Ports = Readonly<Record<PortName, number>>

/** Written in people's tools, so never silently another one. */
const FIXED: Readonly<Partial<Record<PortName, string>>> = { proxy: '--proxy-port', console: '--console-port' }

/**
 * @param wanted ports by name, where they differ from the defaults; 0 takes a free one
 * @throws CliFailure where a port that people type is taken
 */
export async function allotPorts(wanted: Partial<Record<PortName, number>>): Promise<Ports> {
  // All stay open until the last one is chosen, so that no port is given twice.
  const probes: Server[] = []
  try {
    const ports: Partial<Record<PortName, number>> = {}
    for (const name of Object.keys(DEFAULT_PORTS) as PortName[]) {
      ports[name] = await allot(name, wanted[name] ?? DEFAULT_PORTS[name], probes)
    }
    return ports as Ports
  } finally {
    await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))))
  }
}

async function allot(name: PortName, port: number, probes: Server[]): Promise<number> {
  try {
    return await open(port, probes)
  } catch (cause) {
    const option = FIXED[name]
    if (option === undefined) return open(0, probes)
    const code = (cause as NodeJS.ErrnoException).code
    const why = code === 'EACCES' ? 'may not be opened by this user' : 'is taken by another program'
    throw new CliFailure(
      `port ${port} (${name}) ${why}; stop that program, choose another port with ${option} N, or let all be free ones with --free-ports`,
      undefined,
      { cause },
    )
  }
}

function open(port: number, probes: Server[]): Promise<number> {
  const probe = createServer()
  return new Promise((resolve, reject) => {
    probe.once('error', reject)
    probe.listen(port, HOST, () => {
      probes.push(probe)
      const address = probe.address()
      if (address === null || typeof address === 'string') reject(new Error('no TCP address'))
      else resolve(address.port)
    })
  })
}
