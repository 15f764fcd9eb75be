// Results that the gateway makes itself: rows of text columns.

import * as encode from '../wire/encode.ts'
import { SERVER } from '../wire/message-types.ts'

const TEXT_TYPE = 25

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function rowDescription(columns: readonly string[]): Buffer {
  const fields = columns.flatMap((column) => [
    encode.cString(column),
    int32(0),
    encode.int16(0),
    int32(TEXT_TYPE),
    encode.int16(-1),
    int32(-1),
    encode.int16(0),
  ])
  return encode.message(SERVER.rowDescription, encode.int16(columns.length), ...fields)
}

function dataRow(values: readonly string[]): Buffer {
  const fields = values.flatMap((value) => {
    const bytes = Buffer.from(value)
    return [int32(bytes.length), bytes]
  })
  return encode.message(SERVER.dataRow, encode.int16(values.length), ...fields)
}

/** All messages of the answer to a simple query but ReadyForQuery. */
export function textResult(columns: readonly string[], rows: readonly (readonly string[])[], tag: string): Buffer {
  return Buffer.concat([rowDescription(columns), ...rows.map(dataRow), encode.commandComplete(`${tag} ${rows.length}`)])
}
