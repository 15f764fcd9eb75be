// Who asks, where, and under which circumstances: what a decision depends on besides the statement.

export type PolicySubject = {
  readonly issuer: string
  readonly id: string
  readonly kind: 'human' | 'agent' | 'service'
  readonly groups: readonly string[]
  readonly onBehalfOf: string | null
}

export type PolicyConnection = {
  readonly name: string
  readonly protocol: 'postgres'
  readonly labels: Readonly<Record<string, string>>
  readonly demo: boolean
}

/** What does not change within a session. */
export type PolicyContext = {
  readonly clientAddress: string | null
  /** The task of a ticket. */
  readonly purpose: string | null
}
