// What ran in the extended protocol and is not certain to stay: up to the client's Sync it is one transaction, and only
// the answer to that says whether it was committed. Until then nobody is told that it succeeded.

import type { Executed } from '@sluice/events'
import type { HeldApproval } from '../../approvals/approval-desk.ts'

type Untold = { readonly approval: HeldApproval; readonly epoch: number; readonly result: Executed }

export class UntoldResults {
  #untold: Untold[] = []

  /** The same approval, whose success is told when its epoch has ended. */
  keep(approval: HeldApproval, epoch: number): HeldApproval {
    const { approvalId, code, expiresAt, decided } = approval
    return {
      approvalId,
      code,
      expiresAt,
      decided,
      withdraw: (reason) => approval.withdraw(reason),
      executed: (result) => {
        if (result.status === 'ok') this.#untold.push({ approval, epoch, result })
        else approval.executed(result)
      },
    }
  }

  /** The upstream is ready after `epoch`; `failure` is the SQLSTATE of what failed in it, and took the rest along. */
  ended(epoch: number, failure: string | null): void {
    if (this.#untold.length === 0) return
    for (const { approval, result } of this.#take((untold) => untold.epoch <= epoch)) {
      approval.executed(failure === null ? result : { ...result, status: 'error', code: failure, rows: 0 })
    }
  }

  /** The session is over, and nobody can say whether it stayed. */
  drop(): void {
    for (const { approval, result } of this.#take(() => true)) {
      approval.executed({ ...result, status: 'interrupted', rows: 0 })
    }
  }

  #take(which: (untold: Untold) => boolean): readonly Untold[] {
    const taken = this.#untold.filter(which)
    this.#untold = this.#untold.filter((untold) => !which(untold))
    return taken
  }
}
