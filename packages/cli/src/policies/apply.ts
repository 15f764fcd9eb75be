/** `sluice policy apply`: checks the folder, runs its cases, and puts its policies, approval and masking rules in force. */
import { approvalRulesJson, policyVersionOf, publishedMasking } from '@sluice/policy'
import { z } from 'zod'
import { CliFailure, EXIT_CODES, type ExitCode } from '../failure.ts'
import { escapeControls } from '../terminal/escape.ts'
import { clientFor, type VerbContext } from '../verbs/context.ts'
import { printMistakes } from './check.ts'
import { type PolicyFlags, readPolicyFolder } from './policy-folder.ts'
import { casesJson, printOutcomes, testPolicies } from './test.ts'

export type ApplyFlags = PolicyFlags & { readonly as?: string; readonly untested?: true }

const answerSchema = z.object({ version: z.number(), contentHash: z.string() })

export async function runPolicyApply(flags: ApplyFlags, context: VerbContext): Promise<ExitCode> {
  const { output } = context
  const folder = await readPolicyFolder(flags, context)
  const { mistakes, outcomes } = await testPolicies(folder)
  if (mistakes.length > 0) {
    if (flags.json === true) output.json({ mistakes })
    else {
      printMistakes(output, mistakes)
      output.line('Nothing was applied; correct them first.')
    }
    return EXIT_CODES.failed
  }
  const failed = outcomes.filter(({ result }) => !result.passed)
  if (failed.length > 0 && flags.untested !== true) {
    if (flags.json === true) output.json({ cases: casesJson(folder, failed) })
    else {
      printOutcomes(output, folder, failed)
      output.line(
        'Nothing was applied; correct the policies, or the cases where they are out of date (--untested applies it all the same).',
      )
    }
    return EXIT_CODES.failed
  }
  const client = await clientFor(context, flags, 'admin')
  const { approvals, masking } = folder.config
  const answer = await client.applyPolicies({
    files: folder.files,
    approvalRules: JSON.parse(approvalRulesJson(approvals)),
    masking: JSON.parse(publishedMasking({ masking })),
  })
  if (flags.json === true) {
    output.json(answer)
    return EXIT_CODES.ok
  }
  const parsed = answerSchema.safeParse(answer)
  if (!parsed.success) throw new CliFailure('the console answered without a version; is it of the same version?')
  const { version, contentHash } = parsed.data
  output.line(
    `${output.style.good('✔')} version ${version} is in force: ${escapeControls(policyVersionOf(contentHash))}`,
  )
  output.line(output.style.dim('Proxies follow within a second; decisions carry these twelve digits.'))
  return EXIT_CODES.ok
}
