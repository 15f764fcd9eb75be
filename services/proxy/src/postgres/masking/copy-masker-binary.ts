// COPY in binary format: a header, tuples that are written like the fields of a DataRow, a trailer.

import { HEADER_BYTES } from '../wire/message-types.ts'
import type { CopyRows } from './copy-masker.ts'
import type { MaskedColumns } from './masked-columns.ts'
import { maskFields } from './row-masker.ts'
import { RowUnexpected } from './row-unexpected.ts'
import type { SplicedBytes } from './spliced-bytes.ts'

/** The signature, no flags, and a header extension of no bytes. */
const OPENING = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
/** A count of fields that no tuple has. */
const TRAILER = Buffer.from([0xff, 0xff])

export class BinaryRows implements CopyRows {
  readonly #columns: MaskedColumns
  #state: 'opening' | 'tuples' | 'ended' = 'opening'

  constructor(columns: MaskedColumns) {
    this.#columns = columns
  }

  mask(run: Buffer, view: DataView, position: number, end: number, spliced: SplicedBytes): void {
    let start = position + HEADER_BYTES
    if (this.#state === 'ended') throw new RowUnexpected('something stands behind the end of the COPY')
    if (this.#state === 'opening') {
      if (!OPENING.equals(run.subarray(start, Math.min(start + OPENING.length, end)))) {
        throw new RowUnexpected('the COPY does not begin as binary format does')
      }
      this.#state = 'tuples'
      start += OPENING.length
      // The server sends it together with the first tuple; alone it would be no less.
      if (start === end) return
    }
    if (end - start === TRAILER.length && TRAILER.equals(run.subarray(start, end))) this.#state = 'ended'
    else maskFields(this.#columns, run, view, position, start, end, spliced)
  }

  write(value: Buffer, spliced: SplicedBytes): void {
    spliced.add(value)
  }
}
