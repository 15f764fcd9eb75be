/** `sluice policy check`: everything that is wrong in a folder, with file, line, column, and what to write. */
import { ConfigInvalid } from '@sluice/events'
import { checkPolicies } from '@sluice/policy'
import { EXIT_CODES, type ExitCode } from '../failure.ts'
import { escapeControls, escapeLines } from '../terminal/escape.ts'
import type { Output } from '../terminal/output.ts'
import type { VerbContext } from '../verbs/context.ts'
import { type PolicyFlags, type PolicyFolder, pathOf, readPolicyFolder } from './policy-folder.ts'
import { type FoundMistake, type ReadTests, readTests } from './test-files.ts'

export async function runPolicyCheck(flags: PolicyFlags, context: VerbContext): Promise<ExitCode> {
  const { output } = context
  let folder: PolicyFolder
  try {
    folder = await readPolicyFolder(flags, context)
  } catch (error) {
    if (!(error instanceof ConfigInvalid)) throw error
    // Its message has file and line of each mistake already.
    if (flags.json === true) output.json({ mistakes: error.message.split('\n').map((message) => ({ message })) })
    else output.line(escapeLines(error.message))
    return EXIT_CODES.failed
  }
  const { mistakes, cases } = checkFolder(folder)
  if (flags.json === true) output.json({ mistakes })
  else if (mistakes.length > 0) printMistakes(output, mistakes)
  else {
    const rules = Object.keys(folder.config.approvals).length
    const counts = [`policy files: ${folder.files.length}`, `approval rules: ${rules}`, `test cases: ${cases.length}`]
    output.line(`${output.style.good('✔')} no mistakes (${counts.join(', ')})`)
  }
  return mistakes.length === 0 ? EXIT_CODES.ok : EXIT_CODES.failed
}

/** Everything that is wrong in policies and cases, each with the path of its file; and the cases that could be read. */
export function checkFolder(folder: PolicyFolder): ReadTests {
  const { cases, mistakes } = readTests(folder)
  return { cases, mistakes: [...policyMistakes(folder), ...placed(folder, mistakes)] }
}

/** Mistakes in the policies themselves, each with the path of its file. */
export function policyMistakes(folder: PolicyFolder): readonly FoundMistake[] {
  const { approvals, connections } = folder.config
  return placed(folder, checkPolicies(folder.files, approvals, Object.keys(connections)))
}

/** With the paths of files in place of their names. */
function placed(folder: PolicyFolder, mistakes: readonly FoundMistake[]): readonly FoundMistake[] {
  return mistakes.map(({ file, line, column, message, fix }) => ({
    file: pathOf(folder, file),
    line,
    column,
    message,
    fix,
  }))
}

export function printMistakes(output: Output, mistakes: readonly FoundMistake[]): void {
  for (const { file, line, column, message, fix } of mistakes) {
    output.line(escapeControls(`${file}:${line}:${column}: ${message}; ${fix}`))
  }
  output.line(output.style.bad(mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`))
}
