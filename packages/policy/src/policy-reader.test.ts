import { expect, it, vi } from 'vitest'
import { file, READ_AGENTS, WRITE_APPROVED } from './policies.fixture.ts'
import { readPolicies } from './policy-reader.ts'

// As if a part of the file had been taken for a comment.
vi.mock('./policy-text.ts', async (original) => {
  const text = await original<typeof import('./policy-text.ts')>()
  return { ...text, policyPieces: (source: string) => text.policyPieces(source).slice(0, 1) }
})

it('loses no policy without a word, should it read a file other than Cedar does', () => {
  expect(readPolicies([file(READ_AGENTS)]).mistakes).toEqual([])
  expect(readPolicies([file(`${READ_AGENTS}\n${WRITE_APPROVED}`)]).mistakes).toMatchObject([
    { code: 'syntax', line: 1, message: expect.stringContaining('Cedar reads 2 policies in this file, and 1 ') },
  ])
})
