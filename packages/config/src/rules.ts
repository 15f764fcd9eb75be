/** Rules that span several settings. Each names where it is broken, so that the message can point at the line. */
import type { ParsedConfig } from './schema.ts'

export type Mistake = { readonly path: readonly (string | number)[]; readonly message: string }

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i

export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host)
}

export function brokenRules(config: ParsedConfig): readonly Mistake[] {
  return [
    ...healthOnLoopback(config),
    ...clientsEncrypted(config),
    ...upstreamsEncrypted(config),
    ...clickhouseEncrypted(config),
    ...ticketLives(config),
    ...issuersOnce(config),
    ...keyedStrategies(config),
  ]
}

function healthOnLoopback(config: ParsedConfig): Mistake[] {
  return Object.entries(config.health)
    .filter(([, listener]) => !isLoopback(listener.host))
    .map(([service]) => ({
      path: ['health', service],
      message: 'health and metrics are plain HTTP without a password, so they listen on a loopback address only',
    }))
}

function clientsEncrypted({ listeners: { postgres } }: ParsedConfig): Mistake[] {
  if (!postgres.plaintext || isLoopback(postgres.host)) return []
  return [
    {
      path: ['listeners', 'postgres', 'plaintext'],
      message: 'is for loopback addresses only; remove it, clients use TLS',
    },
  ]
}

function upstreamsEncrypted({ connections }: ParsedConfig): Mistake[] {
  return Object.entries(connections)
    .filter(([, { tls, host }]) => tls.mode === 'disable' && !isLoopback(host))
    .map(([name]) => ({
      path: ['connections', name, 'tls', 'mode'],
      message: 'may be disable on loopback addresses only; use verify-full',
    }))
}

function clickhouseEncrypted({ clickhouse }: ParsedConfig): Mistake[] {
  const url = new URL(clickhouse.url)
  if (url.protocol === 'https:') return []
  if (!isLoopback(url.hostname)) {
    return [{ path: ['clickhouse', 'url'], message: 'must be https:// on an address that is not loopback' }]
  }
  if (clickhouse.plaintextLoopback) return []
  return [
    {
      path: ['clickhouse', 'url'],
      message: 'is not encrypted; use https://, or set clickhouse.plaintextLoopback: true',
    },
  ]
}

function ticketLives({ limits }: ParsedConfig): Mistake[] {
  if (limits.ticketMs <= limits.ticketMaxMs) return []
  return [{ path: ['limits', 'ticketMs'], message: 'must not be above limits.ticketMaxMs' }]
}

function issuersOnce({ identity }: ParsedConfig): Mistake[] {
  const seen = new Set<string>()
  return identity.issuers.flatMap(({ issuer }, index) => {
    if (!seen.has(issuer)) {
      seen.add(issuer)
      return []
    }
    return [{ path: ['identity', 'issuers', index, 'issuer'], message: 'is listed twice' }]
  })
}

/** Tokens and hashes without a secret could be made by whoever guesses a value. */
function keyedStrategies({ masking: { key, tags } }: ParsedConfig): Mistake[] {
  if (key !== undefined) return []
  return Object.entries(tags)
    .filter(([, { strategy }]) => strategy === 'tokenize' || strategy === 'hash')
    .map(([tag, { strategy }]) => ({
      path: ['masking', 'tags', tag, 'strategy'],
      message: `${strategy} needs a secret: set masking.key to file:PATH, or use redact`,
    }))
}
