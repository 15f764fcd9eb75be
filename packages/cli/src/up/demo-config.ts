/** What the services and the demo's parts are told: `sluice.yaml` and `demo.json`, written anew at each start. */
import { relative } from 'node:path'
import type { DemoSettings } from '@sluice/demo'
import { type Layout, NODE_ID } from './layout.ts'
import type { Ports } from './ports.ts'

export function configText(layout: Layout, ports: Ports): string {
  const path = (file: string) => JSON.stringify(relative(layout.dir, file))
  const secret = (file: string) => JSON.stringify(`file:${relative(layout.dir, file)}`)
  const issuer = `https://127.0.0.1:${ports.demoIdentity}`
  return `# Written by sluice up at each start: changes here do not last. Paths are relative to this file.
node: { id: ${NODE_ID} }
log: { kind: embedded, dir: ${path(layout.log)} }
tls: { certificate: ${path(layout.server.certificate)}, key: ${path(layout.server.key)}, authority: ${path(layout.authority)} }
keys:
  root: ${path(layout.keys.rootPublic)}
  certificates: ${path(layout.keys.certificates)}
  node: ${path(layout.keys.node)}
  console: ${path(layout.keys.console)}
  approver: ${path(layout.keys.approver)}
  approverPublic: ${path(layout.keys.approverPublic)}
  approverPrivate: ${path(layout.keys.approverPrivate)}
  maskerPublic: ${path(layout.keys.maskerPublic)}
  maskerPrivate: ${path(layout.keys.maskerPrivate)}
  maskerSigning: ${path(layout.keys.maskerSigning)}
trust: { dir: ${path(layout.trust)} }
policies: { dir: ${path(layout.policies)} }
# The first policy set has these rules; later ones those that ./sluice policy apply sends along.
approvals:
  data-owner: { reviewers: [group:data-owners], count: 1, expires: 10m, inTransaction: { hold: 30s } }
masking:
  # Not published: for the proxies alone.
  key: ${secret(layout.keys.masking)}
  # Published with the policies, as the approval rules are. customers.email has its tag from a comment in the database.
  columns:
    - { match: "*/*.*.ssn", tag: pii.ssn }
    - { match: "*/*.*.card", tag: pci.pan }
    - { match: "shop/public.customers.notes", verdict: scanned }
  tags:
    pii.email: { strategy: partial }
    pci.pan: { strategy: partial }
    pii.ssn: { strategy: redact, touch: equality, valuesPerStatement: 5, valuesPerDay: 50 }
listeners:
  postgres: { host: 127.0.0.1, port: ${ports.proxy} }
  console: { host: 127.0.0.1, port: ${ports.console} }
health:
  proxy: 127.0.0.1:${ports.proxyHealth}
  approver: 127.0.0.1:${ports.approverHealth}
  masker: 127.0.0.1:${ports.maskerHealth}
  indexer: 127.0.0.1:${ports.indexerHealth}
  console: 127.0.0.1:${ports.consoleHealth}
identity:
  issuers:
    # The demo's own issuer: its tokens open only connections marked demo.
    - { issuer: "${issuer}", jwksUri: "${issuer}/jwks", authority: ${path(layout.authority)}, algorithms: [ES256], demo: true }
  passwordTokens: true
clickhouse:
  url: http://127.0.0.1:${ports.clickhouse}
  plaintextLoopback: true
  user: sluice
  password: ${secret(layout.indexPassword)}
  database: sluice
  embedded: { path: ${path(layout.indexData)} }
connections:
  shop:
    protocol: postgres
    host: 127.0.0.1
    port: ${ports.demoPostgres}
    database: shop
    tls: { mode: verify-full, authority: ${path(layout.authority)} }
    credentials: { user: sluice_gateway, password: ${secret(layout.secrets.shop)} }
    demo: true
    labels: { env: prod }
`
}

export function demoSettings(layout: Layout, ports: Ports): DemoSettings {
  const { secrets } = layout
  return {
    tls: { ...layout.upstream, authority: layout.authority },
    postgres: {
      dir: layout.postgres,
      port: ports.demoPostgres,
      superuserPassword: secrets.superuser,
      gatewayPassword: secrets.shop,
    },
    identity: {
      port: ports.demoIdentity,
      signingKey: layout.keys.identity,
      cookieSecret: secrets.cookie,
      clientSecrets: { agent: secrets.agent, owner: secrets.owner, admin: secrets.admin },
    },
  }
}
