// A client as a process of its own that prints a line of JSON for each notice as it is told, and for each task that it
// has done. What it was told is reviewed while it waits.

import { runProgram } from '../../gateway/clients/run-program.ts'
import type { HeldStand, Notice } from './held-stand.ts'

export type TaskResults = Readonly<Record<string, unknown>>

type Line =
  | { readonly notice: Notice }
  | { readonly task: string; readonly result: unknown }
  | { readonly task: string; readonly broken: string }

export async function runReviewed(command: string, args: readonly string[], stand: HeldStand): Promise<TaskResults> {
  const results: Record<string, unknown> = {}
  const broken: string[] = []
  const reviews: Promise<unknown>[] = []
  const take = (line: Line): void => {
    if ('notice' in line) reviews.push(stand.review(line.notice).catch((error: Error) => broken.push(error.message)))
    else if ('broken' in line) broken.push(`${line.task}: ${line.broken}`)
    else results[line.task] = line.result
  }
  const { code, stderr } = await runProgram(command, args, {
    env: {
      SLUICE_PORT: String(stand.port),
      SLUICE_USER: stand.login.user,
      SLUICE_PASSWORD: stand.login.password,
      SLUICE_AUTHORITY: stand.authorityFile,
    },
    onStart: async ({ stdout }) => {
      let rest = ''
      stdout?.on('data', (text: string) => {
        const lines = (rest + text).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) take(JSON.parse(line))
      })
    },
  })
  await Promise.all(reviews)
  if (code !== 0 || broken.length > 0) {
    throw new Error(`the script ended with ${code}: ${broken.join('\n')}\n${stderr}\n${JSON.stringify(results)}`)
  }
  return results
}
