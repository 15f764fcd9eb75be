// What stands for a value in text, and how it is recognised when somebody would write it back into the data.

import type { Tag } from '../plan/plan.ts'
import type { MaskKeys } from './mask-keys.ts'

/** For values of several tags, and for tags that no text could hold. */
export const REDACTED = '[redacted]'

/** Fits into `name` (63 bytes) with its brackets, and needs no quotes in arrays, JSON, XML and CSV. */
const PLAIN_TAG = /^[A-Za-z0-9_.-]{1,60}$/

/** `[pii.ssn]`; `[redacted]` for several tags. */
export function placeholderFor(...tags: readonly [Tag, ...Tag[]]): string {
  const [tag] = tags
  return tags.every((each) => each === tag) && PLAIN_TAG.test(tag) ? `[${tag}]` : REDACTED
}

/** At most so many characters of the tag show in its tokens. */
const HINT_LENGTH = 12

/** `ssn` of `pii.ssn`: for people, who see what a token is about. */
export const tokenHint = (tag: Tag): string =>
  (tag.split('.').at(-1) ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .slice(0, HINT_LENGTH) || 'x'

/** A tag of two or more words in brackets, or one of our own words. */
const BRACKETS = /\[(?:redacted|unknown|[a-z][a-z0-9_-]{0,40}(?:\.[a-z0-9_-]{1,40}){1,4})\]/i
/** What `partial` leaves: `c****@example.com`, `***-**-6789`, `**** 1111`, and four characters with nothing beside them. */
const PARTIAL = /\*{4}@|\*{3}-\*{2}-\d{4}|\*{4}[ -]?\d{4}(?!\d)|(?:^|[\s'"(,>])\*{4}[^\s*'"]{4}(?:$|[\s'"),<])/
/** `[pii.ssn]` as `bytea` is written. */
const HEX_BRACKETS = /\\x(5b(?:[0-9a-f]{2}){1,64}5d)/i
/** 22 characters are the 16 bytes that an empty value's token has. */
const KEYED = /(?:tok|hash)_[a-z0-9]{1,12}_[A-Za-z0-9_-]{22}/i

/**
 * Does a text that somebody would write hold what stands for a value? Without keys no token was ever made, so what looks
 * like one is data. `tags`: further ones whose placeholders have a single word.
 */
export function isPlaceholder(text: string, keys: MaskKeys | null, tags: Iterable<Tag> = []): boolean {
  if (text.includes('[')) {
    if (BRACKETS.test(text)) return true
    for (const tag of tags) if (text.includes(placeholderFor(tag))) return true
  }
  const hex = text.includes('\\x') ? HEX_BRACKETS.exec(text)?.[1] : undefined
  if (hex !== undefined && BRACKETS.test(Buffer.from(hex, 'hex').toString())) return true
  if (text.includes('****') || text.includes('***-')) {
    if (PARTIAL.test(text)) return true
  }
  return keys !== null && KEYED.test(text)
}
