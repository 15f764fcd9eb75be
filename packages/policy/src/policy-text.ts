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
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: Array.from(before.at(-1) ?? '').length + 1 }
}

/** Cedar counts bytes of UTF-8. */
export function characterOffset(text: string, byteOffset: number): number {
  return Buffer.from(text).subarray(0, byteOffset).toString().length
}
