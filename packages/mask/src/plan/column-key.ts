// Columns of a database as keys of maps.

/** `relid.attno`. */
export type ColumnKey = string

export const columnKey = (relid: number, attno: number): ColumnKey => `${relid}.${attno}`
