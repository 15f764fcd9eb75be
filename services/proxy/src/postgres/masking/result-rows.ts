// Results that the gateway makes itself: rows of text columns.

import * as encode from '../wire/encode.ts'
import { SERVER } from '../wire/message-types.ts'

const TEXT_TYPE = 25

function rowDescription(columns: readonly string[]): Buffer {
  const fields = columns.flatMap((column) => [
    encode.cString(column),
    encode.int32(0),
    encode.int16(0),
    encode.int32(TEXT_TYPE),
    encode.int16(-1),
    encode.int32(-1),
    encode.int16(0),
  ])
  return encode.message(SERVER.rowDescription, encode.int16(columns.length), ...fields)
}

export function dataRow(values: readonly Buffer[]): Buffer {
  const fields = values.flatMap((value) => [encode.int32(value.length), value])
  return encode.message(SERVER.dataRow, encode.int16(values.length), ...fields)
}

/** All messages of the answer to a simple query but ReadyForQuery. */
export function textResult(columns: readonly string[], rows: readonly (readonly string[])[], tag: string): Buffer {
  const messages = rows.map((row) => dataRow(row.map((value) => Buffer.from(value))))
  return Buffer.concat([rowDescription(columns), ...messages, encode.commandComplete(`${tag} ${rows.length}`)])
}
