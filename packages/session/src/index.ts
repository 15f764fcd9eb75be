// The session pipeline. `mintPermit` stays inside.
export { GovernedUpstream, type OutgoingBytes, type UpstreamSocket } from './governed-upstream.ts'
export { GroupCommit, type RecordLog, type TurnMember } from './group-commit.ts'
export { Permit, PermitMisused } from './permit.ts'
export {
  type ApprovalUnusable,
  type HeldRequest,
  OpenRequest,
  type Recorder,
  type RequestDescription,
  type SensitiveValues,
  Session,
  type SessionOptions,
  type Submitted,
  type UsedApproval,
} from './session.ts'
