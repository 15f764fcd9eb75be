// What detectors say about a text.

import type { Tag } from '../plan/plan.ts'

export type Detection = {
  /** In UTF-16 units of the text that was scanned. */
  readonly start: number
  readonly end: number
  readonly tag: Tag
  /** From 0 to 1. */
  readonly confidence: number
  /** `email`, `pan`, `user:internal.ticket` … */
  readonly detector: string
}

/** How a text is written: what its reader decodes before anybody sees it. */
export type TextSyntax = 'plain' | 'json' | 'xml'

export type ScanContext = {
  /** Of the column, or the key, that the text is the value of. */
  readonly columnName?: string
  readonly syntax?: TextSyntax
}

export interface Detectors {
  /** In order, none overlaps another. */
  scan(text: string, context?: ScanContext): readonly Detection[]
  /** For hot paths: false where UTF-8 bytes hold nothing that a scan could find. Allocates nothing. */
  mayHold(bytes: Buffer, start: number, end: number): boolean
  /** A scan of UTF-8 bytes: null where nothing is found. */
  scanBytes(bytes: Buffer, start: number, end: number, context?: ScanContext): ScannedText | null
}

export type ScannedText = { readonly text: string; readonly detections: readonly Detection[] }
