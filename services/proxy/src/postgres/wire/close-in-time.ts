// How a socket is closed whose peer may not care.

import type { Socket } from 'node:net'

/** How long a peer may take to receive the last bytes and to close. */
const LINGER_MS = 2_000

/** Sends what is written, says goodbye, and destroys the socket when the peer does not close in time. */
export function closeInTime(socket: Socket): void {
  socket.resume()
  socket.end()
  destroyInTime(socket)
}

/** Destroys the socket when it is not closed in time. */
export function destroyInTime(socket: Socket): void {
  const linger = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(linger))
}
