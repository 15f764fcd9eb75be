// The closed set of exceptions. A denial is not among them: it is a value.
// `code` is stable and may be shown, logged and tested; `message` says what happened, why, and what to do next.

export class SluiceError extends Error {
  readonly code: string

  constructor(code: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

/** What a peer sent can't be read, or contradicts itself. */
export class PeerInvalid extends SluiceError {}

/** What a peer sent can be read, and may not be sent here or now. */
export class PeerMisbehaved extends SluiceError {}

/** What a peer asks for is valid, and this version does not do it. */
export class PeerUnsupported extends SluiceError {}

/** The governed upstream can't be reached, refused us, or broke off. */
export class UpstreamFailed extends SluiceError {}

/** No decision can be had: policy, plan or revocations are missing or stale. */
export class PolicyUnavailable extends SluiceError {}

/** What must be recorded can't be recorded: nothing goes on. */
export class AuditUnavailable extends SluiceError {}

/** The configuration, or a file that it names, is wrong. */
export class ConfigInvalid extends SluiceError {}
