// The least that a gateway in Node can do: pass bytes on both ways and look at each message's header. It terminates
// TLS on both hops where it is told so. Nothing is decided or recorded; what it costs is what Node costs.

import { readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls'

type RelayOptions = {
  readonly upstreamPort: number
  readonly tls: { readonly certificateFile: string; readonly keyFile: string; readonly authorityFile: string } | null
}

const HEADER_BYTES = 5
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
const ACCEPT_TLS = 'S'.charCodeAt(0)

/** Walks the message headers of a stream that comes in any pieces; counts the messages. */
export class HeaderWalker {
  messages = 0
  #skip = 0
  #header = Buffer.alloc(HEADER_BYTES)
  #have = 0

  /** @param untyped the client's first message has no type byte */
  constructor(untyped: boolean) {
    if (untyped) this.#have = 1
  }

  push(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, chunk.length - at)
        this.#skip -= step
        at += step
      } else if (this.#have === 0 && chunk.length - at >= HEADER_BYTES) {
        this.#skip = chunk.readUInt32BE(at + 1) - 4
        this.messages++
        at += HEADER_BYTES
      } else {
        const taken = chunk.copy(this.#header, this.#have, at, at + HEADER_BYTES - this.#have)
        at += taken
        this.#have += taken
        if (this.#have === HEADER_BYTES) {
          this.#skip = this.#header.readUInt32BE(1) - 4
          this.messages++
          this.#have = 0
        }
      }
    }
  }
}

const pump = (from: Socket, to: Socket, walker: HeaderWalker): void => {
  from.on('data', (chunk: Buffer) => {
    walker.push(chunk)
    if (!to.write(chunk)) {
      from.pause()
      to.once('drain', () => from.resume())
    }
  })
  from.on('end', () => to.end())
  from.on('error', () => to.destroy())
  from.on('close', () => to.destroy())
}

const firstByte = (socket: Socket): Promise<Buffer> => new Promise((resolve) => socket.once('data', resolve))

const main = (options: RelayOptions): void => {
  const tls = options.tls && {
    authority: readFileSync(options.tls.authorityFile),
    context: createSecureContext({
      cert: readFileSync(options.tls.certificateFile),
      key: readFileSync(options.tls.keyFile),
    }),
  }

  const secureUpstream = async (plain: Socket, authority: Buffer): Promise<Socket> => {
    plain.write(SSL_REQUEST)
    const answer = await firstByte(plain)
    if (answer[0] !== ACCEPT_TLS) throw new Error('the upstream has no TLS')
    const secure = connectTls({ socket: plain, ca: authority, host: '127.0.0.1' })
    return new Promise((resolve, reject) => {
      secure.once('secureConnect', () => resolve(secure)).once('error', reject)
    })
  }

  const relay = async (client: Socket): Promise<void> => {
    client.setNoDelay(true)
    let [near, far]: [Socket, Socket] = [client, connect(options.upstreamPort, '127.0.0.1').setNoDelay(true)]
    far.once('error', () => client.destroy())
    client.once('error', () => far.destroy())
    if (tls !== null) {
      await firstByte(client)
      client.write('S')
      near = new TLSSocket(client, { isServer: true, secureContext: tls.context })
      far = await secureUpstream(far, tls.authority)
    }
    pump(near, far, new HeaderWalker(true))
    pump(far, near, new HeaderWalker(false))
  }

  const server = createServer((client) => {
    relay(client).catch(() => client.destroy())
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (address !== null && typeof address === 'object') process.send?.({ port: address.port })
  })
  process.once('disconnect', () => process.exit(0))
}

const [, , given] = process.argv
if (import.meta.main && given !== undefined) main(JSON.parse(given) as RelayOptions)
