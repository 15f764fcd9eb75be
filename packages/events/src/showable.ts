// What may stand in a readable field before tags exist: names and claims that can hardly be a value. When in doubt, no.

export const WITHHELD = '‹withheld›'

const MAX_NAME_LENGTH = 63
const MAX_CLAIM_LENGTH = 64
const MAX_NAME_DIGITS = 4
const MAX_CLAIM_DIGITS = 8

const NAME = /^[A-Za-z_][A-Za-z0-9_$]*$/
const CLAIM = /^[A-Za-z0-9_ .,/()-]*$/
const DIGIT_RUN = /[0-9]{5}/

function countDigits(text: string): number {
  let count = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code >= 0x30 && code <= 0x39) count++
  }
  return count
}

/** An identifier of a table, column, function, … that may be shown: short, plain, fewer than five digits. */
export function isShowableName(name: string): boolean {
  return name.length <= MAX_NAME_LENGTH && NAME.test(name) && countDigits(name) <= MAX_NAME_DIGITS
}

/** What a client says of itself and may be shown: a program's name and version; no address, no long number. */
export function isShowableClaim(claim: string): boolean {
  return (
    claim.length <= MAX_CLAIM_LENGTH &&
    CLAIM.test(claim) &&
    !DIGIT_RUN.test(claim) &&
    countDigits(claim) <= MAX_CLAIM_DIGITS
  )
}
