// All detectors over one text: the built-in ones, and the patterns of the user's own.

import type { MaskingRules } from '../plan/masking-rules.ts'
import type { Detection, Detectors, ScanContext } from './detection.ts'
import { mayHold } from './may-hold.ts'
import { normalised } from './normalised-text.ts'
import { scanText } from './scan-text.ts'
import { userScanner } from './user-patterns.ts'

/** Those that overlap become one, with the tag of the surer one. */
const merged = (detections: readonly Detection[]): readonly Detection[] => {
  const result: Detection[] = []
  for (const detection of detections.toSorted((a, b) => a.start - b.start)) {
    const last = result.at(-1)
    if (last === undefined || detection.start >= last.end) result.push(detection)
    else {
      const { tag, confidence, detector } = detection.confidence > last.confidence ? detection : last
      result[result.length - 1] = {
        start: last.start,
        end: Math.max(last.end, detection.end),
        tag,
        confidence,
        detector,
      }
    }
  }
  return result
}

/** Throws where a pattern of the rules is refused. */
export function detectors(rules: Pick<MaskingRules, 'detectors'>): Detectors {
  const scanUser = userScanner(rules.detectors)
  const scan = (text: string, { columnName = '', syntax = 'plain' }: ScanContext = {}): readonly Detection[] => {
    const seen = normalised(text, syntax)
    const read = seen?.text ?? text
    const builtIn = scanText(read, columnName)
    const found = scanUser === null ? builtIn : merged([...builtIn, ...scanUser(read)])
    if (seen === null || found.length === 0) return found
    return merged(found.map((detection) => ({ ...detection, ...seen.placeOf(detection.start, detection.end) })))
  }
  // A pattern of the user's own could begin with anything.
  const maybe: Detectors['mayHold'] = scanUser === null ? mayHold : (_bytes, start, end) => end > start
  return {
    scan,
    mayHold: maybe,
    scanBytes(bytes, start, end, context) {
      if (!maybe(bytes, start, end)) return null
      const text = bytes.toString('utf8', start, end)
      const detections = scan(text, context)
      return detections.length === 0 ? null : { text, detections }
    },
  }
}
