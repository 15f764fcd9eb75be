// What `partial` leaves of a value: the domain of an address, the last four characters of a number. How much is left
// out never shows: the number of asterisks says nothing.

import type { Tag } from '../plan/plan.ts'
import { HiddenName, type HiddenPart } from './partial-email.ts'

type Family = {
  /** Words of a tag, any of which makes it one of this family. */
  readonly words: readonly string[]
  /** Null where the value is not what its tag says: then nothing of it is left. */
  readonly leave: (value: string) => string | null
}

const EMAIL = /^[^\s@"<>()[\],;:\\]{1,64}@((?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z0-9-]{2,63})$/
const MAX_DIGITS_TEXT = 40

const lastDigits =
  (prefix: string, shape: RegExp, fewest: number, most: number) =>
  (value: string): string | null => {
    if (value.length > MAX_DIGITS_TEXT || !shape.test(value)) return null
    const digits = value.replace(/\D/g, '')
    return digits.length < fewest || digits.length > most ? null : prefix + digits.slice(-4)
  }

const FAMILIES: readonly Family[] = [
  {
    words: ['email', 'mail'],
    leave: (value) => {
      const domain = EMAIL.exec(value)?.[1]
      if (domain === undefined) return null
      // The first of three or more characters tells little; of one or two it is the name.
      const first = value.length - domain.length - 1 < 3 ? '' : String.fromCodePoint(value.codePointAt(0) ?? 0x2a)
      return `${first}****@${domain}`
    },
  },
  { words: ['ssn'], leave: lastDigits('***-**-', /^\d{3}[- ]?\d{2}[- ]?\d{4}$/, 9, 9) },
  { words: ['pan', 'card'], leave: lastDigits('**** **** **** ', /^\d[\d -]*$/, 12, 19) },
  { words: ['phone', 'mobile', 'tel'], leave: lastDigits('****', /^[+(]{0,2}\d[\d ().\-/]*$/, 8, 18) },
  {
    words: ['iban'],
    leave: (value) => {
      if (!/^[A-Za-z]{2}\d{2}[A-Za-z0-9 ]{11,40}$/.test(value)) return null
      return `****${value.replaceAll(' ', '').slice(-4)}`
    },
  },
]

const [EMAILS] = FAMILIES

function familyOf(tag: Tag): Family | undefined {
  const words = tag.toLowerCase().split(/[^a-z0-9]+/)
  return FAMILIES.find((family) => family.words.some((word) => words.includes(word)))
}

const SHORTEST = 8
const LEFT = 4

const lastCharacters = (value: string): string | null => {
  // Of a long text the end is enough: four characters of at most two code units.
  if (value.length < SHORTEST) return null
  const characters = Array.from(value.slice(-2 * SHORTEST))
  return characters.length < SHORTEST ? null : `****${characters.slice(-LEFT).join('')}`
}

/** For tags of addresses: most are shown without a string of each. Null for other tags. */
export function hiddenPartOf(tag: Tag): HiddenPart | null {
  return familyOf(tag) === EMAILS ? new HiddenName() : null
}

/** How a tag's values are shown in part: null where a value is to be masked whole. */
export function partialOf(tag: Tag): (value: string) => string | null {
  const leave = familyOf(tag)?.leave ?? lastCharacters
  // `bpchar` comes with the spaces that fill it.
  return (value) => leave(value.trim())
}
