// The client's messages as a command that can wait.

import type { OpenRequest } from '@sluice/session'
import { reviewParameter } from '@sluice/sql'
import type { Gate } from '../session/reply-queue.ts'
import type { FrameGroup } from '../session/statements.ts'
import { BodyReader, declaredTypes, decodeParse } from '../wire/decode.ts'
import { HEADER_BYTES } from '../wire/message-types.ts'
import type { HeldCommand } from './held-command.ts'

type Expect = (request: OpenRequest, gate: Gate) => void

export function heldQuery(text: string, message: Buffer, expect: Expect): HeldCommand {
  const bytes = Buffer.from(message)
  return {
    refusedAs: 'refused-query',
    text,
    messages: [bytes],
    digested: [bytes],
    parameters: [],
    planParameters: [],
    expect,
  }
}

/** Where the policies changed after it was prepared, what is needed to judge it was not kept: `text` is empty then. */
export function heldExecution(group: FrameGroup, expect: Expect): HeldCommand {
  const { bind, messages, parameters } = group
  const { source } = group.statement
  const known = source !== null && bind !== null
  const types = group.statement.types ?? (known ? declaredTypes(source) : [])
  return {
    refusedAs: 'refused-message',
    text: known ? (decodeParse(source)?.text ?? '') : '',
    messages: messages.map((message) => Buffer.from(message)),
    digested: known ? [source, bind] : [],
    parameters: parameters.map(({ label, bytes }, index) =>
      label === 'null' ? 'NULL' : reviewParameter(bytes, label === 'binary', types[index] ?? 0),
    ),
    planParameters: known ? { types: behindNames(source), bound: behindNames(bind) } : [],
    expect,
  }
}

/** What follows the two texts that Parse and Bind begin with. */
function behindNames(message: Buffer): Buffer {
  const body = new BodyReader(message)
  const before = body.cBytes().length + body.cBytes().length + 2
  return message.subarray(HEADER_BYTES + before)
}
