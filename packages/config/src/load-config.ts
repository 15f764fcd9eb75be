/** From a YAML file to a frozen, typed configuration: defaults filled in, paths absolute, mistakes explained. */
import { readFile, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { ConfigInvalid } from '@sluice/events'
import { type Document, LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { describeMistakes, mistakesOf } from './mistakes.ts'
import { brokenRules, type Mistake } from './rules.ts'
import { configSchema, type ParsedConfig } from './schema.ts'

export const MAX_CONFIG_BYTES = 1_048_576

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T

/** The whole configuration; frozen, all defaults filled in, all paths and `file:` references absolute. */
export type SluiceConfig = DeepReadonly<ParsedConfig> & {
  /** The file it came from. */
  readonly file: string
}
export type ConnectionConfig = SluiceConfig['connections'][string]
export type IssuerConfig = SluiceConfig['identity']['issuers'][number]
export type Limits = SluiceConfig['limits']

/** @throws ConfigInvalid, code `config_unreadable`, `config_syntax` or `config_invalid`. */
export async function loadConfig(file: string): Promise<SluiceConfig> {
  const absolute = resolve(file)
  return parseConfig(await readConfig(absolute), absolute)
}

/** The same from text; `file` names it in messages and is what relative paths are relative to. */
export function parseConfig(text: string, file: string): SluiceConfig {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const syntax = document.errors[0]
  if (syntax !== undefined) {
    const { line, col } = lines.linePos(syntax.pos[0])
    throw new ConfigInvalid('config_syntax', `${file}:${line}:${col}: not valid YAML: ${syntax.message}`)
  }
  const refuse = (mistakes: readonly Mistake[]): never => {
    throw new ConfigInvalid('config_invalid', describeMistakes(file, document, lines, mistakes))
  }
  const parsed = configSchema.safeParse(toPlain(document, file))
  if (!parsed.success) return refuse(mistakesOf(parsed.error, knownKeys))
  const mistakes = brokenRules(parsed.data)
  if (mistakes.length > 0) return refuse(mistakes)
  return deepFreeze({ ...withAbsolutePaths(parsed.data, dirname(file)), file })
}

function toPlain(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 })
  } catch (cause) {
    throw new ConfigInvalid('config_syntax', `${file}: anchors and aliases are not allowed; write the value out`, {
      cause,
    })
  }
}

async function readConfig(file: string): Promise<string> {
  try {
    const { size } = await stat(file)
    if (size > MAX_CONFIG_BYTES) {
      throw new ConfigInvalid(
        'config_unreadable',
        `${file} has ${size} bytes; a configuration has at most ${MAX_CONFIG_BYTES}. Is it the right file?`,
      )
    }
    return await readFile(file, 'utf8')
  } catch (cause) {
    if (cause instanceof ConfigInvalid) throw cause
    const code = (cause as NodeJS.ErrnoException).code
    const advice = code === 'ENOENT' ? 'there is no such file; check the path' : `it can't be read (${code})`
    throw new ConfigInvalid('config_unreadable', `${file}: ${advice}`, { cause })
  }
}

function withAbsolutePaths(config: ParsedConfig, base: string): ParsedConfig {
  const at = (path: string) => resolve(base, path)
  const reference = (ref: string) => (ref.startsWith('file:') ? `file:${at(ref.slice(5))}` : ref)
  const { log, tls, keys, clickhouse, identity, connections } = config
  return {
    ...config,
    log: { ...log, dir: at(log.dir) },
    tls: { certificate: at(tls.certificate), key: at(tls.key), authority: at(tls.authority) },
    keys: mapValues(keys, at),
    trust: { dir: at(config.trust.dir) },
    policies: { ...config.policies, dir: at(config.policies.dir) },
    masking: {
      ...config.masking,
      ...(config.masking.key === undefined ? {} : { key: reference(config.masking.key) }),
    },
    identity: { ...identity, issuers: identity.issuers.map((issuer) => absoluteAuthority(issuer, at)) },
    clickhouse: {
      ...absoluteAuthority(clickhouse, at),
      password: reference(clickhouse.password),
      ...(clickhouse.embedded ? { embedded: { path: at(clickhouse.embedded.path) } } : {}),
    },
    connections: Object.fromEntries(
      Object.entries(connections).map(([name, connection]) => [
        name,
        {
          ...connection,
          tls: connection.tls.mode === 'disable' ? connection.tls : absoluteAuthority(connection.tls, at),
          credentials: { ...connection.credentials, password: reference(connection.credentials.password) },
        },
      ]),
    ),
  }
}

function absoluteAuthority<T extends { authority?: string | undefined }>(settings: T, at: (path: string) => string): T {
  return settings.authority === undefined ? settings : { ...settings, authority: at(settings.authority) }
}

function mapValues<Key extends string>(paths: Readonly<Record<Key, string>>, change: (path: string) => string) {
  return Object.fromEntries(Object.entries<string>(paths).map(([name, path]) => [name, change(path)])) as Record<
    Key,
    string
  >
}

/** The settings that exist at a path, for the hint after an unknown one. */
function knownKeys(path: readonly (string | number)[]): readonly string[] {
  let schema: unknown = configSchema
  for (const part of path) {
    schema = unwrap(schema)
    if (schema instanceof z.ZodObject) schema = schema.shape[part]
    else if (schema instanceof z.ZodRecord) schema = schema.valueType
    else if (schema instanceof z.ZodArray) schema = schema.element
    else return []
  }
  schema = unwrap(schema)
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
}

function unwrap(schema: unknown): unknown {
  let inner = schema
  while (
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodNullable
  ) {
    inner = inner.def.innerType
  }
  return inner
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part)
  return Object.freeze(value)
}
