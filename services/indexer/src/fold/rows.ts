// The rows of each table as they are sent: JSON of exactly these columns. infra/clickhouse has the tables.

/** In the order of their inserts: what is derived first, `events` last, for positions are read from it. */
export const TABLES = ['commands', 'access', 'session_parts', 'events'] as const

/** How long rows are kept. */
export const RETENTION_DAYS = 400

/** `2026-03-01 12:00:00.123456`, UTC. */
export type IndexTime = string

type Place = {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly logged_at: IndexTime
}

type Who = {
  readonly subject: string
  readonly subject_kind: string
  readonly subject_issuer: string
  readonly subject_groups: readonly string[]
  readonly on_behalf_of: string
  readonly connection: string
}

type Judged = {
  readonly decision: string
  readonly status: string
  readonly error: string
  readonly rows: number
}

export type EventRow = Place &
  Who &
  Judged & {
    readonly event_id: string
    readonly session_id: string
    readonly sequence: number
    readonly time: IndexTime
    readonly node_id: string
    readonly kind: string
    readonly direction: string
    readonly protocol: string
    readonly operation: string
    readonly request_id: string | null
    readonly actions: readonly string[]
    readonly resources: readonly string[]
    readonly touches: readonly { object: string; column: string; tag: string; how: string }[]
    readonly fingerprint: string
    readonly policies: readonly string[]
    readonly policy_version: string
    readonly reason: string
    readonly approval_id: string
    readonly grant_id: string
    readonly obligations: readonly { kind: string; tag: string; count: number }[]
    readonly bytes: number
    readonly duration_us: number
    readonly client_address: string
    readonly trace: string
    readonly text: string
    readonly claims: Readonly<Record<string, string>>
    readonly unsanitised: boolean
    readonly retention_days: number
    readonly record_base64: string
    readonly headers: string
  }

export type CommandRow = Place &
  Who &
  Judged & {
    readonly command_id: string
    readonly event_id: string
    readonly session_id: string
    readonly sequence: number
    readonly time: IndexTime
    readonly finished_at: IndexTime
    readonly protocol: string
    readonly operation: string
    readonly action: string
    readonly actions: readonly string[]
    readonly objects: readonly string[]
    readonly fingerprint: string
    readonly text: string
    readonly policy: string
    readonly policies: readonly string[]
    readonly policy_version: string
    readonly reason: string
    readonly approval_id: string
    readonly grant_id: string
    readonly bytes: number
    readonly masked: number
    readonly masked_tags: readonly { tag: string; count: number }[]
    readonly duration_us: number
    readonly trace: string
    readonly trace_id: string
    readonly node_id: string
    readonly unsanitised: boolean
    readonly retention_days: number
  }

export type AccessRow = Place &
  Who &
  Judged & {
    readonly command_id: string
    readonly session_id: string
    readonly sequence: number
    readonly time: IndexTime
    readonly object: string
    readonly schema: string
    readonly relation: string
    readonly column: string
    readonly how: string
    readonly tag: string
    readonly action: string
    readonly policy: string
    readonly reason: string
    readonly approval_id: string
    readonly masked: number
    readonly text: string
    readonly retention_days: number
  }

/** What one block adds to a session. */
export type SessionPartRow = Who & {
  readonly session_id: string
  readonly opened_at: IndexTime | null
  readonly closed_at: IndexTime | null
  readonly first_at: IndexTime
  readonly last_at: IndexTime
  readonly logged_at: IndexTime
  readonly last_sequence: number
  readonly events: number
  readonly requests: number
  readonly commands: number
  readonly denied: number
  readonly failed: number
  readonly rows: number
  readonly bytes: number
  readonly unsanitised: number
  readonly outcome: string
  readonly protocol: string
  readonly node_id: string
  readonly client_address: string
  readonly application: string
  readonly database_user: string
  readonly retention_days: number
}

export type BlockRows = {
  readonly events: readonly EventRow[]
  readonly commands: readonly CommandRow[]
  readonly access: readonly AccessRow[]
  readonly session_parts: readonly SessionPartRow[]
}
