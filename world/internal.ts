/**
 * Everything of the World that needs no SSH, for the parts of hawser. The agent imports it, so that a host loads nothing of
 * SSH; what is public is chosen in `index.ts`.
 */

export type { Log } from '../base/log.js';
export { getConverged, watchConverged } from './agents/convergence.js';
export { noteHost } from './agents/fleet-hosts.js';
export { type CertificateLife, type HostCertificate, isRenewalDue } from './agents/host-certificates.js';
export { type DiskRoom, diskTrouble, type HostHealth } from './agents/host-health.js';
export type { Agent, AgentsWorld } from './agents/registered-agents.js';
export { listAgents, registerAgent } from './agents/registered-agents.js';
export { type ConvergenceWorld, type WaitConvergedOptions, waitConverged } from './agents/wait-converged.js';
export type { CallOptions, ChangeResult, WatchOptions } from './call-options.js';
export { type Endpoint, formatEndpoint, parseEndpoint } from './client/calls/parse-endpoint.js';
export { Client } from './client/client.js';
export type { ClientOptions, ReadOptions, TxnReply, WriteOptions } from './client/client-types.js';
export type { Alarm, ClusterRequests } from './client/cluster-requests.js';
export { campaign, leader, observe } from './client/concurrency/election.js';
export { lock } from './client/concurrency/lock.js';
export type { AcquireOptions, Leadership, Lock } from './client/concurrency/owned-key.js';
export type { KeyValue } from './client/key-value.js';
export type { Session } from './client/lease/session.js';
export type { Listing, ListOptions } from './client/list-keys.js';
export type { EtcdUser } from './client/login.js';
export type { AddedMember, Member, MemberListOptions, MemberStatus } from './client/member-types.js';
export { verifySnapshot } from './client/snapshot/verify-snapshot.js';
export { readCertificates, readKeyPair } from './client/tls/read-pem-files.js';
export type { TlsOptions } from './client/tls/tls-options.js';
export {
  absent,
  type ByCreation,
  type Compare,
  type OpReply,
  present,
  type Txn,
  type TxnOp,
  valueIs,
} from './client/txn/transaction.js';
export { type BatchOptions, type BatchReply, txnInBatches } from './client/txn/txn-batches.js';
export type { WatchRequest } from './client/watch/iterate-watch.js';
export type { WatchEvent, WatchItem } from './client/watch/watch-item.js';
export type { ClientWorld } from './client-world.js';
export type { EndpointsWorld } from './cluster/advertised-endpoints.js';
export {
  type FollowEndpointsOptions,
  type FollowedEndpoints,
  followEndpoints,
} from './cluster/follow-endpoints.js';
export { type ClusterSizeWorld, DEFAULT_IDEAL_CLUSTER_SIZE } from './cluster/ideal-cluster-size.js';
export type { MembersWorld } from './cluster/watch-members.js';
export {
  CLIENT_DIAL_KEEP_ALIVE_TIME_MS,
  CLIENT_DIAL_KEEP_ALIVE_TIMEOUT_MS,
  CLIENT_DIAL_TIMEOUT_MS,
  CONVERGER_HOSTNAME_NAMESPACE,
  DEFAULT_CLIENT_URL,
  DEFAULT_MAX_TXN_OPS,
  DEFAULT_SERVER_URL,
  MEMBER_CHANGE_INTERVAL_MS,
  SESSION_TTL_SECONDS,
} from './constants.js';
export type { AddDeployArguments, DeployToAdd, DeployWorld } from './deploys/deploy-log.js';
export {
  type Deployment,
  type DeployOrigin,
  parseDeployment,
  serialiseDeployment,
} from './deploys/deploy-payload.js';
export {
  type HostProgress,
  type HostState,
  hostStates,
} from './deploys/host-states.js';
export {
  APP_NAME,
  type AppLimits,
  type AppProcess,
  type AppSchedule,
  type AppSecret,
  type Argv,
  DEFAULT_KEEP,
  DEFAULT_SETTLE_MS,
  DEFAULT_STOP_GRACE_MS,
  DEFAULT_TRY_MS,
  type HealthCheck,
  type Hook,
  type HookName,
  type Manifest,
  type Rollout,
} from './deploys/manifest.js';
export { REPORT_STATES, type Report, type ReportState } from './deploys/report.js';
export type { ReportWorld } from './deploys/reports.js';
export { RolloutCoordinator } from './deploys/rollout/rollout-coordinator.js';
export { type RolloutRecord, VERDICTS, type Verdict } from './deploys/rollout/rollout-record.js';
export type { PersonOptions, RolloutWorld } from './deploys/rollout/rollouts.js';
export {
  isWell,
  PROCESS_STATES,
  type RunningApp,
  type RunningApps,
  type RunningProcess,
} from './deploys/running-apps.js';
export type { RolloutState, WantedDeploy } from './deploys/wanted/wanted-deploy.js';
export {
  type NewestDeploy,
  type TooNewDeploy,
  type WantedDeploys,
  WantedDeploysReader,
} from './deploys/wanted/wanted-deploys.js';
export { WorldError, type WorldErrorCode, type WorldErrorFields } from './errors.js';
export { EtcdWorld } from './etcd-world.js';
export {
  describeFleet,
  type FleetIdentity,
} from './fleet/identity-codec.js';
export { getFleet, makeFleet, raiseGeneration } from './fleet/stored-identity.js';
export type { TreeChange } from './fs/deploy-trees/compare-trees.js';
export type { GetTreeOptions } from './fs/deploy-trees/get-deploy-tree.js';
export type { FolderOptions, FolderTree, TreeUpload } from './fs/deploy-trees/put-deploy-tree.js';
export type { FsDirent, FsStats } from './fs/file-stats.js';
export type { FsOptions, FsWorld } from './fs/file-systems.js';
export type { OpenFlag } from './fs/files/open-flags.js';
export { FsError, type FsErrorCode } from './fs/fs-error.js';
export type { FreedBlocks } from './fs/gc/free-blocks.js';
export type { FsUsage } from './fs/gc/read-usage.js';
export { DEFAULT_FS_URI, MEMORY_FS_URI, memoryFs } from './fs/open-fs.js';
export type {
  CopiedOut,
  CopyOptions,
  CopyResult,
  FileData,
  FsHandle,
  FsSize,
  OnProgress,
  WorldFs,
  WriteFileOptions,
} from './fs/world-fs.js';
export {
  AGENTS_PREFIX,
  CERTIFICATES_PREFIX,
  CHOOSER_ELECTION,
  CLOCK_KEY,
  CLUSTER_SIZE_PREFIX,
  CONVERGED_PATH,
  DEFAULT_NAMESPACE,
  ENDPOINTS_PREFIX,
  FLEET_KEY,
  HEALTH_PREFIX,
  NOMINATED_PREFIX,
  RESTING_PREFIX,
  SCHEDULER_PATH,
  VOLUNTEER_PREFIX,
} from './keys.js';
export type { CampaignOptions, LockWorld } from './locks-api.js';
export type {
  ResDelete,
  ResExport,
  ResExportOptions,
  ResFilter,
  ResOutput,
  ResWorld,
} from './resources/exported-resources-api.js';
export { Candidacy } from './scheduler/candidacy.js';
export { type SchedulerOptions, type StoredOptions, toStoredOptions } from './scheduler/schedule-options.js';
export type { ScheduledResult, ScheduleOverview, SchedulerWorld } from './scheduler/scheduler-api.js';
export { candidateKey } from './scheduler/scheduler-keys.js';
export type { Candidate, Choice, Strategy } from './scheduler/strategy.js';
export { createIdentity } from './secrets/age.js';
export { AGE_RECIPIENT, noteRecipient } from './secrets/recipients.js';
export {
  isVariableText,
  MOST_SECRET_BYTES,
  openSecret,
  type SecretPlace,
  sealSecret,
} from './secrets/secret-value.js';
export { listSecrets } from './secrets/stored-secrets.js';
export { type AllowedSigner, parseAllowedSigners } from './signatures/allowed-signers.js';
export { checkDeploySignature } from './signatures/deploy-signature.js';
export type { StrMapWorld } from './strings/string-maps.js';
export type { StrWorld } from './strings/strings.js';
export { checkNamespace } from './validate-names.js';
export type { World } from './world.js';
export type { WorldOptions } from './world-options.js';
