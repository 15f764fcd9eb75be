// Reads a topic of signed records for one who acts on them: only what a key of the right role signed, in the order of
// versions. What is not accepted is told as an incident, and the last good record holds.

import type { ControlTopic, KeyRole } from '@sluice/events'
import { type RecordHandler, SignedTopic, type SignedTopicOptions } from './signed-topic.ts'
import type { TrustedKeys } from './trusted-keys.ts'

export type ControlReaderOptions<Topic extends ControlTopic> = Omit<
  SignedTopicOptions<Topic>,
  'judge' | 'eachSigner'
> & {
  readonly keys: Pick<TrustedKeys, 'judge'>
  /** Of those who write the topic. */
  readonly role: KeyRole
}

export class ControlReader<Topic extends ControlTopic> {
  readonly #topic: SignedTopic<Topic>

  static async open<Topic extends ControlTopic>(options: ControlReaderOptions<Topic>): Promise<ControlReader<Topic>> {
    const { keys, role, ...rest } = options
    // Nodes are many, and each speaks for itself; all other roles are one service, whatever key it has.
    const eachSigner = role === 'node'
    const judge: SignedTopicOptions<Topic>['judge'] = (...signer) => keys.judge(role, ...signer)
    return new ControlReader(await SignedTopic.open({ ...rest, eachSigner, judge }))
  }

  private constructor(topic: SignedTopic<Topic>) {
    this.#topic = topic
  }

  /** Everything that is there now. Rejects where the log or `handle` fails; what was not handled then comes again. */
  catchUp(handle: RecordHandler<Topic>): Promise<void> {
    return this.#topic.catchUp(handle)
  }

  /** From there on until `close`, one record after the other. `catchUp` may be called meanwhile. */
  follow(handle: RecordHandler<Topic>): void {
    this.#topic.follow(handle)
  }

  close(): Promise<void> {
    return this.#topic.close()
  }
}
