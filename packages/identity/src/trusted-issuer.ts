// What is trusted, and for what: one entry an issuer.
import { readFile } from 'node:fs/promises'
import { ConfigInvalid } from '@sluice/events'

export type TrustedIssuer = {
  /** Compared with `iss` byte for byte. */
  readonly issuer: string
  readonly jwksUri: string
  /** PEM of the authority that signed the certificate of `jwksUri`; null: the system's authorities. */
  readonly authority: string | null
  /** Asymmetric ones only. */
  readonly algorithms: readonly string[]
  /** The `typ` that its tokens must carry; null: not pinned. */
  readonly type: string | null
  readonly subjectClaim: string
  readonly kindClaim: string
  readonly groupsClaim: string
  /** The demo's own issuer: its tokens open only connections that are marked as demo. */
  readonly demo: boolean
}

/** An issuer as the configuration has it: its authority is a file. */
export type IssuerSettings = Omit<TrustedIssuer, 'authority'> & { readonly authority?: string | undefined }

/** @throws ConfigInvalid where an authority's file can't be read. */
export async function readTrustedIssuers(settings: readonly IssuerSettings[]): Promise<readonly TrustedIssuer[]> {
  return Promise.all(
    settings.map(async (issuer) => ({
      ...issuer,
      authority: issuer.authority === undefined ? null : await readAuthority(issuer.issuer, issuer.authority),
    })),
  )
}

async function readAuthority(issuer: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new ConfigInvalid('issuer_authority', `the authority of issuer ${issuer} can't be read: ${file}`, { cause })
  }
}

const ASYMMETRIC = /^(?:ES(?:256|384|512)|[RP]S(?:256|384|512)|EdDSA|Ed25519)$/

/** @throws ConfigInvalid on what would make every check of its tokens worthless. */
export function checkIssuer({ issuer, jwksUri, algorithms }: TrustedIssuer): void {
  if (algorithms.length === 0 || !algorithms.every((algorithm) => ASYMMETRIC.test(algorithm))) {
    throw new ConfigInvalid(
      'issuer_algorithms',
      `issuer ${issuer} allows ${algorithms.join(', ') || 'nothing'}; allow asymmetric algorithms such as ES256`,
    )
  }
  if (!URL.canParse(jwksUri) || new URL(jwksUri).protocol !== 'https:') {
    throw new ConfigInvalid('issuer_jwks_uri', `issuer ${issuer}: jwksUri has to be an https URL`)
  }
}
