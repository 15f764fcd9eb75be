import { describe, expect, it } from 'vitest'
import { type CpuProfile, summariseProfile } from './profile.ts'

const frame = (functionName: string, url = '') => ({ functionName, url, lineNumber: 0 })

describe('summariseProfile', () => {
  it('counts library time to the stage that asked for it, and leaves waiting out', () => {
    const profile: CpuProfile = {
      nodes: [
        { id: 1, callFrame: frame('(root)'), children: [2, 4] },
        { id: 2, callFrame: frame('record', 'file:///x/packages/events/src/frame-recorder.ts'), children: [3] },
        { id: 3, callFrame: frame('hash', 'node:internal/crypto/hash') },
        { id: 4, callFrame: frame('(idle)') },
      ],
      samples: [2, 3, 4],
      timeDeltas: [1000, 3000, 9000],
    }
    const { stages, functions } = summariseProfile(profile)
    expect(stages).toEqual([{ name: 'recording', millis: 4, share: 1 }])
    expect(functions.map(({ name }) => name)).toEqual([
      'hash node:internal/crypto/hash:1',
      'record packages/events/src/frame-recorder.ts:1',
    ])
  })
})
