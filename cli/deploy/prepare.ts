import { existsSync } from 'node:fs';
import { hostname as machineName } from 'node:os';
import path from 'node:path';
import { listHosts } from '../../world/agents/hosts.js';
import type { ClientWorld } from '../../world/client-world.js';
import { type Manifest, serialiseDeployment } from '../../world/deploys/deployment.js';
import { WorldError } from '../../world/errors.js';
import { CliError } from '../errors.js';
import { readYaml } from '../fleet/find-config.js';
import { parseManifest } from '../fleet/hawser-yaml.js';
import { userName } from '../system/user-name.js';
import { contains, type GitState, gitState } from './git-state.js';

/** What a person chose for one deploy. */
export interface DeployChoices {
  readonly folder: string;
  readonly message: string;
  /** False: ignore git. */
  readonly git: boolean;
  /** Deploy even from a dirty tree, and over a deploy that this commit does not descend from. */
  readonly force: boolean;
  /** Hosts fetch and verify, but do not apply. */
  readonly noop: boolean;
}

/** A folder that may be deployed, as far as that is known without the fleet. */
export interface Prepared {
  readonly choices: DeployChoices;
  readonly manifest: Manifest;
  readonly git: GitState | undefined;
}

const MAX_TRIES = 5;

/**
 * Reads the manifest and looks at git.
 *
 * @throws CliError `usage` for a missing or wrong manifest, `dirty-tree`, `git-refused`
 */
export async function prepare(choices: DeployChoices, signal: AbortSignal): Promise<Prepared> {
  const manifest = await readManifest(choices.folder);
  const git = choices.git ? await gitState(choices.folder, signal) : undefined;
  if (git?.head === '' && !choices.force) {
    throw new CliError(
      'dirty-tree',
      `${choices.folder} is in a git repository without commits: commit first, or give --force or --no-git.`,
    );
  }
  if (git !== undefined && git.dirty.length > 0 && !choices.force) {
    const filtered = git.isFiltered
      ? ' hawser does not run filters (git-lfs, git-crypt): if you trust the repository, "git status" may clear this.'
      : '';
    const more = git.dirty.length > 1 ? ` and ${git.dirty.length - 1} more` : '';
    throw new CliError(
      'dirty-tree',
      `${choices.folder} has uncommitted changes (${git.dirty[0]?.trim()}${more}): commit them, or give --force or --no-git.${filtered}`,
    );
  }
  return { choices, manifest, git };
}

/** The position in the log, checked against this commit. */
export interface Position {
  /** The id for the new deploy. */
  readonly id: number;
  /** The newest deploy's hash, which the transaction checks again; empty for no check. */
  readonly parentHash: string;
}

/** @throws CliError `hash-chain` when the newest deploy is a commit that this one does not contain. */
export async function findPosition(
  world: ClientWorld,
  prepared: Prepared,
  signal: AbortSignal,
): Promise<Position> {
  const newest = await world.getMaxDeployId({ signal });
  const { git, choices } = prepared;
  if (newest === 0 || git === undefined || choices.force) return { id: newest + 1, parentHash: '' };
  const parentHash = await world.getDeployHash(newest, { signal });
  if (parentHash !== '' && !(await contains(git, parentHash, signal))) {
    throw new CliError(
      'hash-chain',
      `Deploy ${newest} is commit ${parentHash.slice(0, 10)}, which ${git.head.slice(0, 10)} does not contain: pull first, or give --force.`,
    );
  }
  return { id: newest + 1, parentHash };
}

/** The hosts of the fleet, sorted. */
export interface Targets {
  /** Those whose agent is running. */
  readonly live: readonly string[];
  /** Those of the fleet whose agent is not running. */
  readonly away: readonly string[];
}

export async function readTargets(world: ClientWorld, signal: AbortSignal): Promise<Targets> {
  const [agents, known] = await Promise.all([
    world.getAgents({ signal }),
    listHosts(world.client, undefined, { signal }),
  ]);
  return {
    live: [...agents.keys()].sort(),
    away: [...known.keys()].filter((hostname) => !agents.has(hostname)).sort(),
  };
}

/**
 * Appends the deploy to the log for these hosts. If another deploy wins the race, it tries again behind that one
 * (and checks the commit again), unless a person has confirmed `position`.
 *
 * @returns the id of the deploy
 * @throws CliError `overtaken` or `hash-chain`
 */
export async function record(
  world: ClientWorld,
  prepared: Prepared,
  options: {
    readonly tree: string;
    readonly hosts: readonly string[];
    readonly position: Position;
    readonly confirmed: boolean;
    readonly signal: AbortSignal;
  },
): Promise<number> {
  const { signal, tree, hosts } = options;
  const payload = serialiseDeployment({
    hawser: 1,
    name: prepared.manifest.name,
    message: prepared.choices.message,
    author: `${userName()}@${machineName()}`,
    createdAt: new Date().toISOString(),
    tree,
    noop: prepared.choices.noop,
    hosts,
    manifest: prepared.manifest,
  });
  let { position } = options;
  for (let tries = 1; ; tries += 1) {
    try {
      await world.addDeploy(position.id, prepared.git?.head ?? '', position.parentHash, payload, { signal });
      return position.id;
    } catch (error) {
      if (!(error instanceof WorldError) || error.code !== 'conflict') throw error;
      if (options.confirmed || tries === MAX_TRIES) {
        throw new CliError(
          'overtaken',
          `Someone else made deploy ${position.id} in the meantime: check it, then run this again.`,
        );
      }
    }
    position = await findPosition(world, prepared, signal);
  }
}

/** @throws CliError `usage` naming the file and what is wrong in it. */
async function readManifest(folder: string): Promise<Manifest> {
  const file = path.join(folder, 'hawser.yaml');
  if (!existsSync(file)) {
    throw new CliError('usage', `There is no ${file}: create one with at least "name: my-app".`);
  }
  const parsed = parseManifest(await readYaml(file));
  if ('manifest' in parsed) return parsed.manifest;
  throw new CliError('usage', `${file} is invalid: ${parsed.problems.join('; ')}.`);
}
