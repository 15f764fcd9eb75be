// Cuts a file into policies and remembers where each stands. Cedar itself reads the pieces: each must be one policy
// to it, and it must count as many in the file, so a cut in the wrong place is a mistake, never another policy.

type Token = { readonly text: string; readonly offset: number }

export type PolicyPiece = {
  readonly text: string
  /** Of the first character, in the file. */
  readonly offset: number
  /** Name and place of each annotation, in the file. */
  readonly annotations: readonly Token[]
  /** How deep its brackets are nested. */
  readonly depth: number
  readonly operators: number
  readonly conditionals: number
}

/** White space and comments first: they are no tokens. A comment ends with its line; a string may go over several. */
const TOKEN = /(\s+|\/\/[^\n\r]*)|"[^"\\]*(?:\\[\s\S][^"\\]*)*"|[A-Za-z_]\w*|&&|\|\||::|[<>=!]=|[\s\S]/y
const OPERATOR = /^(?:&&|\|\||[<>=!]=|[-+*.<>!]|in|has|like|is)$/
const OPENING = /^[([{]$/
const CLOSING = /^[)\]}]$/

function* tokens(text: string): Generator<Token> {
  const scanner = new RegExp(TOKEN)
  for (let found = scanner.exec(text); found !== null; found = scanner.exec(text)) {
    if (found[1] === undefined) yield { text: found[0], offset: found.index }
  }
}

export function policyPieces(text: string): readonly PolicyPiece[] {
  const pieces: PolicyPiece[] = []
  let piece: Token[] = []
  for (const token of tokens(text)) {
    piece.push(token)
    if (token.text !== ';') continue
    pieces.push(pieceOf(text, piece))
    piece = []
  }
  if (piece.length > 0) pieces.push(pieceOf(text, piece))
  return pieces
}

function pieceOf(file: string, parts: readonly Token[]): PolicyPiece {
  const first = parts[0] as Token
  const last = parts.at(-1) as Token
  const annotations: Token[] = []
  let depth = 0
  let deepest = 0
  let operators = 0
  let conditionals = 0
  for (const [index, { text, offset }] of parts.entries()) {
    if (OPENING.test(text)) deepest = Math.max(deepest, ++depth)
    else if (CLOSING.test(text)) depth--
    else if (OPERATOR.test(text)) operators++
    else if (text === 'if') conditionals++
    else if (text === '@' && depth === 0) annotations.push({ text: parts[index + 1]?.text ?? '', offset })
  }
  const text = file.slice(first.offset, last.offset + last.text.length)
  return { text, offset: first.offset, annotations, depth: deepest, operators, conditionals }
}

export type Place = { readonly line: number; readonly column: number }

/** Both from 1; the column in characters. */
export function placeIn(text: string, offset: number): Place {
  const line = lineOf(text, offset)
  const start = startsOf(text)[line - 1] ?? 0
  let column = 1
  for (let at = start; at < offset; at++) {
    if (!isSecondHalf(text.charCodeAt(at))) column++
  }
  return { line, column }
}

/** From 1. */
export function lineOf(text: string, offset: number): number {
  const starts = startsOf(text)
  let first = 0
  let end = starts.length
  while (end - first > 1) {
    const middle = (first + end) >> 1
    if ((starts[middle] as number) <= offset) first = middle
    else end = middle
  }
  return first + 1
}

/** Of a character that takes two units of UTF-16. */
const isSecondHalf = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff

/** One file is asked about many times in a row: where its lines begin is found once. */
let known: { readonly text: string; readonly starts: readonly number[] } = { text: '', starts: [0] }

function startsOf(text: string): readonly number[] {
  if (known.text === text) return known.starts
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  known = { text, starts }
  return starts
}

/** Cedar counts bytes of UTF-8. */
export function characterOffset(text: string, byteOffset: number): number {
  return Buffer.from(text).subarray(0, byteOffset).toString().length
}
