// Settings that decide how a statement is read: with another value the server reads another statement than we did.

/** Asked for at start-up, checked there and whenever the upstream reports a change. */
export const GUARDED_SETTINGS: ReadonlyMap<string, string> = new Map([
  ['client_encoding', 'UTF8'],
  ['standard_conforming_strings', 'on'],
])
