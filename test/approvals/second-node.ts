// Another proxy on the log of a stand: a node of its own, with its own key, partition and memory of what it trusts.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConfigInput } from '@sluice/config'
import { generateSigningKey, importSigningKey, nowMicros } from '@sluice/events'
import { issueCertificate, publishCertificates } from '@sluice/trust'
import { parse, stringify } from 'yaml'
import { type RunningProxy, reachedAt } from '../stand/proxy.ts'
import { type ServiceProcess, startService } from '../stand/service-process.ts'

export type SecondNode = {
  readonly id: string
  /** As far as a client needs it to log in. */
  readonly proxy: RunningProxy
  readonly stop: ServiceProcess['stop']
}

export async function startSecondNode(first: RunningProxy, node = { id: 'node-2', partition: 1 }): Promise<SecondNode> {
  const { dir, control } = first
  const pem = generateSigningKey()
  writeFileSync(join(dir, `${node.id}.pem`), pem, { mode: 0o600 })
  const now = nowMicros()
  const { root, log, registry } = control
  const certificate = await issueCertificate(
    root,
    { key: importSigningKey(pem), role: 'node', name: node.id, validFrom: now, validUntil: null },
    { version: 1, previous: null, time: now },
  )
  const certificates = [certificate]
  await publishCertificates({ log, registry, root: root.publicKey, certificates, source: '/sluice/consoles/test' })
  const config = parse(readFileSync(join(dir, 'sluice.yaml'), 'utf8')) as ConfigInput
  const file = join(dir, `${node.id}.yaml`)
  const keys = { ...config.keys, node: `${node.id}.pem` }
  writeFileSync(file, stringify({ ...config, node, keys, trust: { dir: `trust-${node.id}` } }))
  const running = await startService('proxy', file)
  return { id: node.id, proxy: { ...first, ...reachedAt(running, first.authorityFile) }, stop: running.stop }
}
