/** `sluice policy test`: whether the policies answer each case as it says. */
import { type CaseResult, contentHashOf, PolicyEngine, runCase } from '@sluice/policy'
import { EXIT_CODES, type ExitCode } from '../failure.ts'
import { escapeControls } from '../terminal/escape.ts'
import type { Output } from '../terminal/output.ts'
import type { VerbContext } from '../verbs/context.ts'
import { checkFolder, printMistakes } from './check.ts'
import { connectionOf, type PolicyFlags, type PolicyFolder, pathOf, readPolicyFolder } from './policy-folder.ts'
import { accessOfText } from './statement.ts'
import type { FoundCase, FoundMistake } from './test-files.ts'

export type Outcome = { readonly found: FoundCase; readonly result: CaseResult }

export async function runPolicyTest(flags: PolicyFlags, context: VerbContext): Promise<ExitCode> {
  const { output } = context
  const folder = await readPolicyFolder(flags, context)
  const tested = await testPolicies(folder)
  if (tested.mistakes.length > 0) {
    if (flags.json === true) output.json({ mistakes: tested.mistakes })
    else printMistakes(output, tested.mistakes)
    return EXIT_CODES.failed
  }
  if (flags.json === true) output.json({ cases: casesJson(folder, tested.outcomes) })
  else printOutcomes(output, folder, tested.outcomes)
  return tested.outcomes.every(({ result }) => result.passed) ? EXIT_CODES.ok : EXIT_CODES.failed
}

/** What is wrong in policies and cases; where nothing is, what came of each case. */
export async function testPolicies(folder: PolicyFolder): Promise<{
  readonly mistakes: readonly FoundMistake[]
  readonly outcomes: readonly Outcome[]
}> {
  const { mistakes, cases } = checkFolder(folder)
  return { mistakes, outcomes: mistakes.length > 0 ? [] : await runCases(folder, cases) }
}

export function engineOf({ files, config }: PolicyFolder): PolicyEngine {
  const source = { files, approvalRules: config.approvals, masking: config.masking }
  return PolicyEngine.compile(source, contentHashOf(source))
}

async function runCases(folder: PolicyFolder, cases: readonly FoundCase[]): Promise<readonly Outcome[]> {
  const engine = engineOf(folder)
  const outcomes: Outcome[] = []
  for (const found of cases) {
    const { command } = found.test
    const connection = connectionOf(folder, found.test.connection)
    if (connection === null) continue // a mistake, and said before
    const access = command === undefined ? null : await accessOfText(command, connection.name)
    outcomes.push({ found, result: runCase(found.test, engine, connection, access) })
  }
  return outcomes
}

export function printOutcomes(output: Output, folder: PolicyFolder, outcomes: readonly Outcome[]): void {
  const { style } = output
  for (const { found, result } of outcomes) {
    const name = escapeControls(result.name)
    if (result.passed) {
      output.line(`${style.good('✔')} ${name}`)
      continue
    }
    const place = escapeControls(`${pathOf(folder, found.file)}:${found.line}`)
    output.line(`${style.bad('✘')} ${name}  ${style.dim(place)}`)
    for (const difference of result.differences) output.line(`    ${escapeControls(difference)}`)
  }
  const failed = outcomes.filter(({ result }) => !result.passed).length
  const cases = outcomes.length === 1 ? '1 case' : `${outcomes.length} cases`
  if (outcomes.length === 0) output.line('there are no cases; write some in policies/tests/*.yaml')
  else if (failed === 0) output.line(style.good(`${cases}, all as expected`))
  else output.line(style.bad(`${cases}, ${failed} not as expected`))
}

export function casesJson(folder: PolicyFolder, outcomes: readonly Outcome[]): unknown {
  return outcomes.map(({ found, result }) => ({ ...result, file: pathOf(folder, found.file), line: found.line }))
}
