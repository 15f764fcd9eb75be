// Refusals for reasons of the protocol, whatever a policy would say.

import type { RawSegment } from '@sluice/events'
import type { ClientMessage } from '../wire/client-framer.ts'
import type { Submissions } from './submissions.ts'
import { OVERSIZED_WORDS, unreadableRequest, unreadableText } from './unreadable-requests.ts'

export class ProtocolRefusals {
  readonly #submissions: Submissions
  readonly #endGroup: () => void

  /** `endGroup` brings what was put together before to the upstream, so that answers stay in order. */
  constructor(submissions: Submissions, endGroup: () => void) {
    this.#submissions = submissions
    this.#endGroup = endGroup
  }

  refuse(type: number, code: string, reason: string, statement: readonly RawSegment[] = []): 'done' {
    this.#endGroup()
    if (this.#submissions.discarding) return 'done'
    const { description, refusedAs } = unreadableRequest(type, statement)
    this.#submissions.refuse(description, refusedAs, code, reason)
    if (refusedAs === 'refused-query') this.#submissions.endEpoch('query')
    return 'done'
  }

  malformed(type: number, name: string): 'done' {
    return this.refuse(type, 'message_malformed', `the ${name} message is malformed`)
  }

  text(type: number, bytes: Buffer): 'done' {
    return this.refuse(type, 'text_not_utf8', 'the statement is not valid UTF-8', unreadableText(bytes))
  }

  oversized({ type, length, bound }: Extract<ClientMessage, { kind: 'oversized' }>): 'done' | { violation: string } {
    const what = OVERSIZED_WORDS.get(type)
    if (what === undefined) return { violation: `a message of type 0x${type.toString(16)} with ${length} bytes` }
    return this.refuse(type, 'too_large', `${what} of ${length} bytes is too long, at most ${bound} are read`)
  }
}
