// The parser's message on a text that it can't read, for the client. It quotes the text, so what it quotes is looked at.

import { isShowableName, WITHHELD } from '@sluice/events'

const NEAR = /^(.*) at or near "(.*)"$/s
const PUNCTUATION = /^[-+*/<>=~!@#%^&|`?()[\].,;:]{1,8}$/
const MAX_MESSAGE_LENGTH = 200

/** The same message, a quoted word withheld unless it can hardly be a value. */
export function syntaxMessage(message: string): string {
  const near = NEAR.exec(message)
  const [, problem = '', word = ''] = near ?? []
  if (near !== null) {
    const shown = isShowableName(word) || PUNCTUATION.test(word) ? word : WITHHELD
    return /["']/.test(problem) ? `syntax error at or near "${shown}"` : `${problem} at or near "${shown}"`
  }
  return /["']/.test(message) || message.length > MAX_MESSAGE_LENGTH ? 'syntax error' : message
}
