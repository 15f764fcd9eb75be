/** Aligned tables: cut to the terminal's width where there is one, whole and plain in a pipe. */
import { escapeControls } from './escape.ts'
import type { Output } from './output.ts'
import { cutTo, padTo, widthOf } from './width.ts'

export type Column<Row> = {
  readonly title: string
  readonly value: (row: Row) => string
  readonly align?: 'right'
  /** Takes what the others leave; at most one column has it. */
  readonly flexible?: true
}

const GAP = '  '
const MIN_FLEXIBLE = 12
/** No cell is wider, not in a pipe either: a statement can have a megabyte. */
const MAX_CELL = 2_000

export function printTable<Row>(
  output: Pick<Output, 'columns' | 'line' | 'style'>,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): void {
  const cells = rows.map((row) => columns.map((column) => cutTo(escapeControls(column.value(row)), MAX_CELL)))
  // A title can come from data as well: an analyst names columns.
  const titles = columns.map(({ title }) => cutTo(escapeControls(title), MAX_CELL))
  const widths = columns.map((_column, index) =>
    Math.max(widthOf(titles[index] ?? ''), ...cells.map((line) => widthOf(line[index] ?? ''))),
  )
  fitInto(output.columns, columns, widths)
  const line = (values: readonly string[]): string =>
    values
      .map((value, index) => padTo(cutTo(value, widths[index] ?? 0), widths[index] ?? 0, columns[index]?.align))
      .join(GAP)
      .trimEnd()
  output.line(output.style.dim(line(titles)))
  for (const values of cells) output.line(line(values))
}

function fitInto<Row>(available: number | null, columns: readonly Column<Row>[], widths: number[]): void {
  const flexible = columns.findIndex((column) => column.flexible === true)
  const width = widths[flexible]
  if (available === null || width === undefined) return
  const others = widths.reduce((sum, each) => sum + each, 0) - width + GAP.length * (columns.length - 1)
  widths[flexible] = Math.min(width, Math.max(MIN_FLEXIBLE, available - others))
}
