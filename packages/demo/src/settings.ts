/** What the demo's two processes are told by the supervisor: a JSON file beside the configuration, paths absolute. */
import { readFile } from 'node:fs/promises'
import { ConfigInvalid } from '@sluice/events'
import type { DemoName } from './identity/people.ts'

type TlsFiles = { readonly certificate: string; readonly key: string; readonly authority: string }

export type DemoSettings = {
  readonly tls: TlsFiles
  readonly postgres: {
    readonly dir: string
    readonly port: number
    readonly superuserPassword: string
    readonly gatewayPassword: string
  }
  readonly identity: {
    readonly port: number
    readonly signingKey: string
    readonly cookieSecret: string
    readonly clientSecrets: Readonly<Record<DemoName, string>>
  }
}

export async function readDemoSettings(file: string): Promise<DemoSettings> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    throw new ConfigInvalid('config_unreadable', `${file} can't be read; begin anew with --fresh`, { cause })
  }
}

/** A file's text without the newline at its end. */
export async function textOf(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).replace(/\n$/, '')
  } catch (cause) {
    throw new ConfigInvalid('state_unreadable', `${file} can't be read; begin anew with --fresh`, { cause })
  }
}
