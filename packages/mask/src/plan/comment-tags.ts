// Tags that a database says itself: `COMMENT ON COLUMN … IS 'sluice:pii.email'`, security labels. They only ever add.

import { tagSchema } from './masking-rules.ts'
import { type Tag, UNKNOWN_TAG } from './plan.ts'

const MENTION = /\bsluice:([A-Za-z0-9._-]{1,80})/g
/** Says that somebody looked; it takes nothing away. */
const WITHOUT_EFFECT = 'clean'
const MAX_TAGS = 16

/** What is no tag counts as `unknown`: somebody meant to say that it is sensitive. */
export function tagsInText(text: string | null): readonly Tag[] {
  if (text === null) return []
  const mentioned = [...text.matchAll(MENTION)].map(([, word = '']) => word.toLowerCase().replace(/[._-]+$/, ''))
  const tags = mentioned
    .filter((word) => word !== WITHOUT_EFFECT)
    .map((word) => (tagSchema.safeParse(word).success ? word : UNKNOWN_TAG))
  return [...new Set(tags)].sort().slice(0, MAX_TAGS)
}
