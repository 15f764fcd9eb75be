/** What lies where in the state folder, and where this clone is. */
import { join, resolve } from 'node:path'

export const ROOT = resolve(import.meta.dirname, '../../../..')
export const DEFAULT_STATE_DIR = join(ROOT, '.sluice')

export type Layout = ReturnType<typeof layoutOf>

export function layoutOf(stateDir: string) {
  const dir = resolve(stateDir)
  const at = (...parts: string[]) => join(dir, ...parts)
  return {
    dir,
    state: at('state.json'),
    lock: at('lock'),
    /** The processes of this run, for the next start after a kill. */
    processes: at('processes.json'),
    config: at('sluice.yaml'),
    demoSettings: at('demo.json'),
    authority: at('ca.pem'),
    authorityKey: at('keys/ca.key'),
    server: { certificate: at('tls/server.pem'), key: at('tls/server.key') },
    upstream: { certificate: at('tls/upstream.pem'), key: at('tls/upstream.key') },
    keys: {
      node: at('keys/node.pem'),
      maskerPublic: at('keys/masker.pub'),
      maskerPrivate: at('keys/masker.key'),
      maskerSigning: at('keys/masker-signing.pem'),
      identity: at('keys/identity.jwk.json'),
    },
    secrets: {
      shop: at('secrets/shop'),
      superuser: at('secrets/postgres-superuser'),
      cookie: at('secrets/identity-cookie'),
      agent: at('secrets/identity-agent'),
      owner: at('secrets/identity-owner'),
      admin: at('secrets/identity-admin'),
    },
    indexPassword: at('index/password'),
    indexData: at('index/data'),
    log: at('log'),
    logs: at('logs'),
    postgres: at('postgres'),
    folders: ['keys', 'tls', 'secrets', 'index', 'log', 'logs'].map((name) => at(name)),
  } as const
}
