// What the indexer and its engine's process say to each other over IPC. The password travels here, never in the
// arguments or the environment, where other processes could read it.

export type EngineSettings = {
  /** Folder of the engine's data; made where it is missing. */
  readonly dataDir: string
  /** The engine's configuration file, see engine-configuration.ts. */
  readonly configFile: string
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
  readonly user: string
  readonly password: string
}

export type ToEngine = { readonly kind: 'start'; readonly settings: EngineSettings } | { readonly kind: 'stop' }

export type FromEngine =
  | { readonly kind: 'listening'; readonly port: number; readonly version: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }

export function isToEngine(value: unknown): value is ToEngine {
  return hasKind(value) && (value.kind === 'start' || value.kind === 'stop')
}

export function isFromEngine(value: unknown): value is FromEngine {
  return hasKind(value) && (value.kind === 'listening' || value.kind === 'failed')
}

function hasKind(value: unknown): value is { readonly kind: unknown } {
  return typeof value === 'object' && value !== null && 'kind' in value
}
