/** What lies where in the state folder, and where this clone is. */
import { join, resolve } from 'node:path'

export const ROOT = resolve(import.meta.dirname, '../../../..')
export const DEFAULT_STATE_DIR = join(ROOT, '.sluice')

/** The demo's only node: its id is in its key's certificate and in what it records. */
export const NODE_ID = 'demo-node'

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
      /** Signs the certificates of the others; only sluice up reads it. */
      root: at('keys/root.pem'),
      rootPublic: at('keys/root.pub'),
      certificates: at('keys/certificates'),
      node: at('keys/node.pem'),
      console: at('keys/console.pem'),
      approver: at('keys/approver.pem'),
      approverPublic: at('keys/approver.pub'),
      approverPrivate: at('keys/approver.key'),
      maskerPublic: at('keys/masker.pub'),
      maskerPrivate: at('keys/masker.key'),
      maskerSigning: at('keys/masker-signing.pem'),
      /** Behind tokens and hashes: with another one they mean nothing any more. */
      masking: at('keys/masking.key'),
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
    /** Where services remember what they trusted. */
    trust: at('trust'),
    /** The owner's to change: a copy of the starter set at first. */
    policies: at('policies'),
    logs: at('logs'),
    postgres: at('postgres'),
    folders: ['keys', 'keys/certificates', 'tls', 'secrets', 'index', 'log', 'logs', 'trust'].map((name) => at(name)),
  } as const
}
