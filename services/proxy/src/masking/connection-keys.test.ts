import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { connectionKeys } from './connection-keys.ts'

function secretFile(content: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-masking-key-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const file = join(dir, 'masking.key')
  writeFileSync(file, content)
  return `file:${file}`
}

const SECRET = 'thirty-two bytes, no fewer, yes!'

it('differ by connection, and are the same for the same secret', async () => {
  const keys = await connectionKeys(secretFile(`${SECRET}\n`), ['shop', 'other'])
  const again = await connectionKeys(secretFile(SECRET), ['shop'])
  const keyOf = (from: typeof keys, connection: string) => from(connection)?.keyFor('pii.ssn', 'hash').toString('hex')
  expect(keyOf(keys, 'shop')).toBe(keyOf(again, 'shop'))
  expect(keyOf(keys, 'other')).not.toBe(keyOf(keys, 'shop'))
  expect(keys('unknown')).toBeNull()
})

it('are none where no secret is named', async () => {
  expect((await connectionKeys(undefined, ['shop']))('shop')).toBeNull()
})

it.each([
  ['short', SECRET.slice(1), 'masking_key_short'],
  ['empty', '', 'secret_empty'],
])('are not made of a secret that is %s', async (_name, content, code) => {
  await expect(connectionKeys(secretFile(content), ['shop'])).rejects.toMatchObject({ name: 'ConfigInvalid', code })
})
