/** `policies/tests/*.yaml`: from text to cases, and mistakes with their places. */
import type { PolicyFile } from '@sluice/events'
import { type PolicyCase, type PolicyMistake, policyTestsSchema } from '@sluice/policy'
import { type Document, isNode, LineCounter, parseDocument } from 'yaml'
import { escapeControls } from '../terminal/escape.ts'
import type { PolicyFolder } from './policy-folder.ts'

export type FoundMistake = Omit<PolicyMistake, 'code'>
export type FoundCase = { readonly test: PolicyCase; readonly file: string; readonly line: number }

export type ReadTests = { readonly cases: readonly FoundCase[]; readonly mistakes: readonly FoundMistake[] }

type Path = readonly PropertyKey[]
const SHAPE =
  'write cases: a list of { name, as: { id, kind, groups }, connection, command, expect: permit|deny|pending }'

export function readTests({ tests, config }: Pick<PolicyFolder, 'tests' | 'config'>): ReadTests {
  const read = tests.map((file) => readTestFile(file, config))
  return { cases: read.flatMap(({ cases }) => cases), mistakes: read.flatMap(({ mistakes }) => mistakes) }
}

function readTestFile({ name: file, text }: PolicyFile, config: PolicyFolder['config']): ReadTests {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const at = (offset: number) => ({ line: lines.linePos(offset).line, column: lines.linePos(offset).col })
  const mistake = (offset: number, message: string, fix: string): FoundMistake => ({
    file,
    ...at(offset),
    message: escapeControls(message),
    fix: escapeControls(fix),
  })
  const syntax = document.errors[0]
  if (syntax !== undefined) {
    return { cases: [], mistakes: [mistake(syntax.pos[0], `not valid YAML: ${syntax.message}`, 'correct it here')] }
  }
  const parsed = policyTestsSchema.safeParse(plainOf(document))
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map(({ path, message }) =>
      mistake(offsetOf(document, path), `${path.map(String).join('.') || 'the file'}: ${message}`, SHAPE),
    )
    return { cases: [], mistakes }
  }
  const cases = parsed.data.cases.map(
    (test, index): FoundCase => ({ test, file, line: at(offsetOf(document, ['cases', index])).line }),
  )
  const mistakes = parsed.data.cases.flatMap(({ connection, approval }, index) => [
    ...(Object.hasOwn(config.connections, connection)
      ? []
      : [unknownName(index, 'connection', connection, config.connections)]),
    ...(approval === undefined || Object.hasOwn(config.approvals, approval)
      ? []
      : [unknownName(index, 'approval', approval, config.approvals)]),
  ])
  return { cases, mistakes }

  function unknownName(index: number, key: string, name: string, known: object): FoundMistake {
    const offset = offsetOf(document, ['cases', index, key])
    const what = key === 'approval' ? 'approval rule' : key
    return mistake(
      offset,
      `there is no ${what} ${name} in sluice.yaml`,
      `write one of ${Object.keys(known).join(', ') || 'those that you add there'}`,
    )
  }
}

/** Aliases could make a small file endless: there are none, and a file with one has no plain value. */
function plainOf(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 })
  } catch {
    return null
  }
}

/** Of the longest part of the path that is there. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return 0
}
