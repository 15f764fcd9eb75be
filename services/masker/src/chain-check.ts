// Whether an event is the next of its session as the node recorded it: pure. The answer is a code, never an exception:
// an event that fails is still audited, with everything withheld.

import { closingBytes, contentRoot, type Frame, firstLink, nextLink, type VerifyingKey } from '@sluice/events'
import { identityOf, type SessionState } from './session-state.ts'

export type ChainProblem =
  | 'node_unknown'
  | 'session_unknown'
  | 'session_reopened'
  | 'session_ended'
  | 'sequence_gap'
  | 'previous_link'
  | 'link'
  | 'identity_changed'
  | 'key_missing'
  | 'closing_missing'
  | 'closing_invalid'

export type ReceivedFrame = { readonly frame: Frame; readonly headerBytes: Buffer; readonly contentBytes: Buffer }

/** Null where the event fits its session, as far as it is known. */
export function checkChain(
  state: SessionState | null,
  { frame, headerBytes, contentBytes }: ReceivedFrame,
  nodeKeys: ReadonlyMap<string, VerifyingKey>,
): ChainProblem | null {
  const { header } = frame
  const nodeKey = nodeKeys.get(header.nodeId)
  if (nodeKey === undefined) return 'node_unknown'
  const start = checkStart(state, frame, nodeKey)
  if (start !== null) return start
  if (!frame.link.equals(nextLink(frame.previousLink, headerBytes, contentRoot(contentBytes)))) return 'link'
  return checkClosing(frame, nodeKey)
}

function checkStart(state: SessionState | null, frame: Frame, nodeKey: VerifyingKey): ChainProblem | null {
  const { header, previousLink, sessionKey } = frame
  if (header.kind === 'session_opened') {
    if (state !== null) return 'session_reopened'
    if (header.sequence !== 0) return 'sequence_gap'
    if (sessionKey === null) return 'key_missing'
    return previousLink.equals(firstLink(header.sessionId, nodeKey.publicKey)) ? null : 'previous_link'
  }
  if (state === null) return 'session_unknown'
  if (state.closed) return 'session_ended'
  if (header.sequence !== state.next) return 'sequence_gap'
  if (!previousLink.equals(state.link)) return 'previous_link'
  return identityOf(header) === state.identity ? null : 'identity_changed'
}

function checkClosing(frame: Frame, nodeKey: VerifyingKey): ChainProblem | null {
  const { header, closing, link } = frame
  if (header.kind !== 'session_closed') return closing === null ? null : 'closing_invalid'
  if (closing === null) return 'closing_missing'
  const valid =
    closing.keyId === nodeKey.keyId &&
    closing.count === header.sequence + 1 &&
    nodeKey.verify(closingBytes(header.sessionId, closing.count, link), closing.signature)
  return valid ? null : 'closing_invalid'
}
