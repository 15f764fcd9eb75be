import { PeerMisbehaved } from '@sluice/events'

/** A row is not what the statement's analysis says: it is not known which field is which, so nothing of it is shown. */
export class RowUnexpected extends PeerMisbehaved {
  constructor(what: string) {
    super('row_unexpected', `a row that its own analysis of the statement does not explain: ${what}`)
  }
}
