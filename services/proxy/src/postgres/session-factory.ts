// Makes the recorded session of an admitted client: its key, its chain, and the only way to its upstream.

import type { Socket } from 'node:net'
import {
  type FrameCodec,
  FrameRecorder,
  nowMicros,
  type SealingPublicKey,
  SessionSealer,
  type SigningKey,
  uuidv7,
} from '@sluice/events'
import type { PolicyDecision, StatementAccess } from '@sluice/policy'
import { GovernedUpstream, type GroupCommit, Session } from '@sluice/session'
import type { Admitted } from './handshake/admit.ts'
import { SliceList } from './wire/slice-list.ts'

export type SessionFactoryOptions = {
  readonly nodeId: string
  readonly nodeKey: SigningKey
  readonly codec: FrameCodec
  readonly recipient: SealingPublicKey
  readonly commit: GroupCommit
}

export type CreatedSession = { readonly session: Session; readonly governed: GovernedUpstream }

const monotonicMicros = (): number => performance.now() * 1000

export class SessionFactory {
  readonly #options: SessionFactoryOptions

  constructor(options: SessionFactoryOptions) {
    this.#options = options
  }

  async create(
    { identified, connection }: Admitted,
    upstream: Socket,
    steering: {
      readonly decide: (access: StatementAccess) => PolicyDecision
      /** Its subject sees in clear what others see masked. */
      readonly inClear: boolean
    },
  ): Promise<CreatedSession> {
    const { nodeId, nodeKey, codec, recipient, commit } = this.#options
    const sessionId = uuidv7()
    const recorder = new FrameRecorder({
      sessionId,
      nodeId,
      nodeKey,
      codec,
      protocol: 'postgres',
      connection: connection.name,
      subject: identified.subject,
      sealer: await SessionSealer.create(sessionId, recipient),
    })
    const session = new Session({ sessionId, recorder, commit, ...steering, monotonicMicros, nowMicros })
    return { session, governed: new GovernedUpstream(sessionId, upstream, new SliceList()) }
  }
}
