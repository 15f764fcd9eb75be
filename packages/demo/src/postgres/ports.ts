/** Ports: PostgreSQL takes no 0 for "any free one", so one is looked up before it starts. */
import { createServer } from 'node:net'
import { ConfigInvalid } from '@sluice/events'

/** @throws ConfigInvalid `port_taken` or `port_forbidden` where the port can't be had. */
export async function claimablePort(host: string, port: number): Promise<number> {
  const probe = createServer()
  try {
    return await new Promise<number>((resolve, reject) => {
      probe.once('error', reject)
      probe.listen(port, host, () => {
        const address = probe.address()
        if (address === null || typeof address === 'string') reject(new Error('no TCP address'))
        else resolve(address.port)
      })
    })
  } catch (cause) {
    throw portMistake(host, port, cause)
  } finally {
    await new Promise((resolve) => probe.close(resolve))
  }
}

function portMistake(host: string, port: number, cause: unknown): unknown {
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new ConfigInvalid('port_taken', `${host}:${port} is taken by another program`, { cause })
    case 'EACCES':
      return new ConfigInvalid('port_forbidden', `${host}:${port} may not be opened by this user`, { cause })
    default:
      return cause
  }
}
