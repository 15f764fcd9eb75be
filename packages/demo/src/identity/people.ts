/** Who exists in the demo. Each is an OAuth client that gets its token by client credentials, so that no browser is needed. */

export const DEMO_NAMES = ['agent', 'owner', 'admin'] as const
export type DemoName = (typeof DEMO_NAMES)[number]

export type DemoPerson = { readonly kind: 'agent' | 'human'; readonly groups: readonly string[] }

export const DEMO_PEOPLE: Readonly<Record<DemoName, DemoPerson>> = {
  agent: { kind: 'agent', groups: ['agents'] },
  owner: { kind: 'human', groups: ['data-owners'] },
  admin: { kind: 'human', groups: ['admins'] },
}

/** The doors of Sluice; a token for one is refused at the others. */
export const AUDIENCES = ['sluice:console', 'sluice:proxy'] as const
export type DemoAudience = (typeof AUDIENCES)[number]

export const KIND_CLAIM = 'sluice_kind'
export const GROUPS_CLAIM = 'groups'

export function isDemoName(name: string): name is DemoName {
  return Object.hasOwn(DEMO_PEOPLE, name)
}
