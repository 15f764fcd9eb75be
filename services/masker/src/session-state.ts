// What the masker knows of a session between its events, and how one event changes it: a fold, without I/O.

import type { Frame, FrameHeader, WrappedKey } from '@sluice/events'

export type SessionState = {
  readonly sessionId: string
  /** Sequence number that the next event must have. */
  readonly next: number
  /** Link of the last event. */
  readonly link: Buffer
  /** Null where the session's opening was never seen: nothing of it can be opened. */
  readonly wrappedKey: WrappedKey | null
  /** What every event of the session must say of itself. */
  readonly identity: string
  readonly closed: boolean
  /** Time of the last event, microseconds. */
  readonly seenAt: number
}

/** Node, protocol, connection and subject: they don't change in a session. */
export function identityOf(header: FrameHeader): string {
  const { nodeId, protocol, connection, subject } = header
  const { issuer, id, kind, groups, onBehalfOf } = subject
  return JSON.stringify([nodeId, protocol, connection, issuer, id, kind, groups, onBehalfOf])
}

/** The state after an event, whether its checks passed or not: a break is reported once, where it is. */
export function evolve(state: SessionState | null, frame: Frame): SessionState {
  const { header } = frame
  return {
    sessionId: header.sessionId,
    next: header.sequence + 1,
    link: frame.link,
    wrappedKey: state?.wrappedKey ?? frame.sessionKey,
    identity: state?.identity ?? identityOf(header),
    closed: (state?.closed ?? false) || header.kind === 'session_closed',
    seenAt: header.time,
  }
}
