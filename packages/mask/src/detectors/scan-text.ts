// One pass over a text: a table says at which characters something could be, the scanners look around there. Each looks no
// further than what it looks for may be long, and nothing is looked at often.

import type { Detection } from './detection.ts'
import { scanEmail } from './email.ts'
import { KEY_TRIGGERS, scanJwt, scanKey, scanPrivateKey } from './key-formats.ts'
import { scanAddress, scanAssignment, scanPassword } from './named-secrets.ts'
import { type Before, NO_CONTEXT, scanNumber } from './numbers.ts'

const NUMBER = 1
const EMAIL = 2
const KEY = 3
const DASH = 4
const NAME = 5
const JWT = 6
const PASSWORD = 7

const TRIGGERS = new Uint8Array(128)
for (const code of KEY_TRIGGERS) TRIGGERS[code] = KEY
for (const digit of '0123456789') TRIGGERS[digit.charCodeAt(0)] = NUMBER
TRIGGERS['@'.charCodeAt(0)] = EMAIL
TRIGGERS['-'.charCodeAt(0)] = DASH
TRIGGERS[':'.charCodeAt(0)] = NAME
TRIGGERS['='.charCodeAt(0)] = NAME
TRIGGERS['J'.charCodeAt(0)] = JWT
TRIGGERS['w'.charCodeAt(0)] = PASSWORD
TRIGGERS['W'.charCodeAt(0)] = PASSWORD

/** More are masked as one, to the end of the value. */
const MAX_DETECTIONS = 10_000

const lookAround = (text: string, at: number, trigger: number, before: Before): Detection | number | null => {
  switch (trigger) {
    case NUMBER:
      return scanNumber(text, at, before)
    case EMAIL:
      return scanEmail(text, at, before.lastEnd)
    case KEY:
      return scanKey(text, at, before.lastEnd)
    case DASH:
      return scanPrivateKey(text, at) ?? scanKey(text, at, before.lastEnd)
    case NAME:
      return text[at] === ':' ? (scanAddress(text, at) ?? scanAssignment(text, at)) : scanAssignment(text, at)
    case PASSWORD:
      return scanPassword(text, at)
    default:
      return scanJwt(text, at, before.lastEnd)
  }
}

/** What the built-in detectors find, in order; `text` as its reader sees it. */
export function scanText(text: string, columnName = ''): Detection[] {
  const detections: Detection[] = []
  const before: Before = { columnName, named: null, lastEnd: 0, lastTag: '', context: NO_CONTEXT }
  const { length } = text
  let at = 0
  while (at < length) {
    const code = text.charCodeAt(at)
    const trigger = code < 128 ? (TRIGGERS[code] as number) : 0
    if (trigger === 0) {
      at++
      continue
    }
    const result = lookAround(text, at, trigger, before)
    if (result === null) {
      at++
    } else if (typeof result === 'number') {
      at = result
    } else {
      const last = detections.at(-1)
      const start = last !== undefined && result.start < last.end ? last.start : result.start
      if (start !== result.start) detections.pop()
      const isLast = detections.length === MAX_DETECTIONS - 1
      const end = isLast ? length : result.end
      detections.push({ ...result, start, end })
      before.lastEnd = end
      before.lastTag = result.tag
      at = Math.max(end, at + 1)
    }
  }
  return detections
}
