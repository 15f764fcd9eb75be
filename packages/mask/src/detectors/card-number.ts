// Payment card numbers: who issued it, how long such numbers are, and the check digit (ISO/IEC 7812, Luhn).

type Issuer = {
  /** First four digits, both included. */
  readonly from: number
  readonly to: number
  readonly lengths: readonly number[]
  /** So common among other ids of the length that a word near is wanted. */
  readonly needContext?: readonly number[]
}

const ISSUERS: readonly Issuer[] = [
  { from: 2200, to: 2204, lengths: [16, 17, 18, 19], needContext: [17, 18, 19] },
  { from: 2221, to: 2720, lengths: [16] },
  { from: 3000, to: 3059, lengths: [14, 16], needContext: [16] },
  { from: 3095, to: 3095, lengths: [14, 16], needContext: [16] },
  { from: 3400, to: 3499, lengths: [15] },
  { from: 3528, to: 3589, lengths: [16, 17, 18, 19], needContext: [17, 18, 19] },
  { from: 3600, to: 3699, lengths: [14, 16, 19], needContext: [19] },
  { from: 3700, to: 3799, lengths: [15] },
  { from: 3800, to: 3999, lengths: [14, 16, 19], needContext: [19] },
  { from: 4000, to: 4999, lengths: [13, 16, 18, 19], needContext: [13, 18, 19] },
  { from: 5000, to: 5099, lengths: [13, 14, 15, 16, 17, 18, 19], needContext: [13, 14, 15, 17, 18, 19] },
  { from: 5100, to: 5599, lengths: [16] },
  { from: 5600, to: 5899, lengths: [13, 14, 15, 16, 17, 18, 19], needContext: [13, 14, 15, 17, 18, 19] },
  { from: 6000, to: 6099, lengths: [16, 17, 18, 19], needContext: [17, 18, 19] },
  { from: 6200, to: 6299, lengths: [16, 17, 18, 19], needContext: [17, 18] },
  { from: 6300, to: 6399, lengths: [13, 14, 15, 16, 17, 18, 19], needContext: [13, 14, 15, 17, 18, 19] },
  { from: 6440, to: 6599, lengths: [16, 17, 18, 19], needContext: [17, 18, 19] },
  { from: 6700, to: 6799, lengths: [13, 14, 15, 16, 17, 18, 19], needContext: [13, 14, 15, 17, 18, 19] },
  { from: 9792, to: 9792, lengths: [16] },
]

export const SHORTEST_CARD = 13
export const LONGEST_CARD = 19

const passesLuhn = (digits: Uint8Array, length: number): boolean => {
  let sum = 0
  for (let index = 0; index < length; index++) {
    const digit = digits[index] as number
    const doubled = (length - index) % 2 === 0 ? 2 * digit : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

/** Who issues numbers that begin so; undefined where nobody does. */
export function issuerOf(digits: Uint8Array): Issuer | undefined {
  const [first = 0, second = 0, third = 0, fourth = 0] = digits
  // No issuer begins with others.
  if (first < 2 || (first > 6 && first !== 9)) return undefined
  const head = first * 1000 + second * 100 + third * 10 + fourth
  return ISSUERS.find(({ from, to }) => head >= from && head <= to)
}

/** `certain`: no word near is wanted. Null: no card has this number. */
export function cardNumber(issuer: Issuer, digits: Uint8Array, length: number): 'certain' | 'with-context' | null {
  if (!issuer.lengths.includes(length) || !passesLuhn(digits, length)) return null
  return issuer.needContext?.includes(length) === true ? 'with-context' : 'certain'
}
