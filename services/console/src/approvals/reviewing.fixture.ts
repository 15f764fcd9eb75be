// What tests of the routes of held commands do again and again: ask as a person, hold a command, vote on what was shown.
import type { CountedReviewer } from '@sluice/events'
import { shownDigest } from '@sluice/policy'
import type { Answer, TestConsole } from '../console.fixture.ts'
import { type Asked, type testRequest, until } from '../control-world.fixture.ts'

export const digestOf = ({ approvalId, requested }: Asked): string =>
  shownDigest(approvalId, requested).toString('base64url')

/** @param console the one under test, once it runs */
export function reviewing(console: () => TestConsole) {
  const token = (sub: string, groups: readonly string[], kind = 'human'): string =>
    console().issuer.token({ sub, sluice_kind: kind, groups })
  const owner = (): string => token('owner', ['data-owners'])
  return {
    token,
    owner,
    counted: (id: string): CountedReviewer => ({
      person: id,
      issuer: console().issuer.origin,
      id,
      groups: ['data-owners'],
      reason: 'ticket 4711',
    }),
    /** Of the policy set in force. */
    asked: async (changes: Parameters<typeof testRequest>[0] = {}): Promise<Asked> => {
      const { plane, world } = console()
      const policyVersion = plane.policies.office.inForce?.set.contentHash.slice(0, 12) ?? ''
      const it = await world.ask({ policyVersion, ...changes })
      await until(
        () => plane.approvals.book.findByCode(it.code),
        (entry) => entry !== null,
      )
      return it
    },
    vote: (it: Asked, body: object = {}, as = owner()): Promise<Answer> =>
      console().ask(`/v1/approvals/${it.code}/votes`, {
        token: as,
        body: JSON.stringify({ vote: 'approve', shownDigest: digestOf(it), ...body }),
      }),
  }
}
