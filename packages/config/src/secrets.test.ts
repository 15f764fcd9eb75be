import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { resolveSecret } from './secrets.ts'

describe('a secret', () => {
  it('comes from a file, without the newline at its end', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'sluice-secret-'))
    onTestFinished(() => rmSync(dir, { recursive: true }))
    writeFileSync(join(dir, 'one'), ' s3cret \n')
    writeFileSync(join(dir, 'none'), '\n')
    writeFileSync(join(dir, 'huge'), 'x'.repeat(70_000))
    expect(await resolveSecret(`file:${join(dir, 'one')}`)).toBe(' s3cret ')
    await expect(resolveSecret(`file:${join(dir, 'none')}`)).rejects.toMatchObject({ code: 'secret_empty' })
    await expect(resolveSecret(`file:${join(dir, 'gone')}`)).rejects.toMatchObject({ code: 'secret_unreadable' })
    await expect(resolveSecret(`file:${join(dir, 'huge')}`)).rejects.toMatchObject({ code: 'secret_unreadable' })
  })

  it('comes from the environment', async () => {
    vi.stubEnv('SLUICE_TEST_SECRET', 's3cret')
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(await resolveSecret('env:SLUICE_TEST_SECRET')).toBe('s3cret')
    await expect(resolveSecret('env:SLUICE_TEST_MISSING')).rejects.toMatchObject({ code: 'secret_unreadable' })
  })

  it('is never shown where a secret stands in place of a reference', async () => {
    await expect(resolveSecret('hunter2')).rejects.toThrow(/^(?!.*hunter2).*$/)
  })
})
