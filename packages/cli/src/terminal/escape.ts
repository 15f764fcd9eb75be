/**
 * Data on a terminal. What was recorded comes from strangers, and a terminal obeys control characters: they are shown as
 * escapes, as are characters that reorder or hide text.
 */

// C0, DEL and C1; line and paragraph separators; formatting, directional or not; lone surrogates; and letters, fillers and
// selectors that nothing is drawn for. What emoji are joined and coloured with is left: U+FE0F changes no other text.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?!\ufe0f)\p{Default_Ignorable_Code_Point}|\u2800/gu

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (character) => SHORT[character] ?? codeOf(character))
}

/** The same for text that may have several lines: the line breaks stay. */
export function escapeLines(text: string): string {
  return text.split('\n').map(escapeControls).join('\n')
}

function codeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
}
