/** `sluice keys`: whose signatures count, and the root that all of them hang on. */
import { z } from 'zod'
import { CliFailure } from '../failure.ts'
import { escapeControls } from '../terminal/escape.ts'
import { printTable } from '../terminal/table.ts'
import { type AskingFlags, clientFor, type VerbContext } from './context.ts'
import { when } from './rows.ts'

const keysSchema = z.object({
  root: z.object({ fingerprint: z.string() }),
  keys: z.array(
    z.object({
      keyId: z.string(),
      role: z.string(),
      name: z.string(),
      validFrom: z.string(),
      validUntil: z.string().nullable(),
      version: z.number(),
      accepted: z.boolean(),
      reason: z.string().nullable(),
    }),
  ),
})

export async function runKeys(flags: AskingFlags, context: VerbContext): Promise<void> {
  const { output } = context
  const answer = await (await clientFor(context, flags, 'admin')).keys()
  if (flags.json === true) return output.json(answer)
  const parsed = keysSchema.safeParse(answer)
  if (!parsed.success) throw new CliFailure('the console answered without keys; is it of the same version?')
  const { root, keys } = parsed.data
  const nowMs = Date.now()
  printTable(
    output,
    [
      { title: 'KEY', value: ({ keyId }) => keyId },
      { title: 'ROLE', value: ({ role }) => role },
      { title: 'NAME', flexible: true, value: ({ name }) => name },
      { title: 'VALID SINCE', value: ({ validFrom }) => when(validFrom, nowMs) },
      { title: 'UNTIL', value: ({ validUntil }) => (validUntil === null ? '–' : when(validUntil, nowMs)) },
      { title: 'VERSION', align: 'right', value: ({ version }) => String(version) },
      {
        title: 'ACCEPTED',
        value: ({ accepted, reason }) => (accepted ? 'yes' : `no${reason === null ? '' : `: ${reason}`}`),
      },
    ],
    keys,
  )
  output.line(`root: ${escapeControls(root.fingerprint)} (SHA-256 of its public key)`)
}
