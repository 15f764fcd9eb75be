// The code that people type to name a held command: forty random bits in Crockford's base32. It is never cut short: an
// act takes the whole code or nothing.

export const APPROVAL_CODE_CHARACTERS = 8
/** Without I, L, O and U. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const CODE_BYTES = 5
const HALF = APPROVAL_CODE_CHARACTERS / 2
const TYPED = /^([0-9A-TV-Z]{4})-?([0-9A-TV-Z]{4})$/
/** Letters that no code has, as what they are mistaken for. */
const LOOK_ALIKES: Readonly<Record<string, string>> = { I: '1', L: '1', O: '0' }

/** A new code, eight characters without a dash. `randomBytes` gives so many fresh bytes of a cryptographic source. */
export function newApprovalCode(randomBytes: (size: number) => Buffer): string {
  const bits = BigInt(`0x${randomBytes(CODE_BYTES).toString('hex')}`)
  return Array.from({ length: APPROVAL_CODE_CHARACTERS }, (_, index) =>
    ALPHABET.charAt(Number((bits >> BigInt(5 * (APPROVAL_CODE_CHARACTERS - 1 - index))) & 31n)),
  ).join('')
}

/** What somebody typed as the eight characters of a code; null where it is none, such as the beginning of one. */
export function parseApprovalCode(text: string): string | null {
  const match = TYPED.exec(text.trim().toUpperCase())
  if (match === null) return null
  return `${match[1]}${match[2]}`.replace(/[ILO]/g, (letter) => LOOK_ALIKES[letter] as string)
}

/** For people: `7K3M-Q9XA`. */
export function showApprovalCode(code: string): string {
  return `${code.slice(0, HALF)}-${code.slice(HALF)}`
}
