import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createAuthority, issueHostCertificate } from '../../../cli/setup/certificates/issue-certificate.js';
import { type LocalProgram, PROGRAMS_FOLDER, releaseOf } from '../../../cli/setup/programs/local-program.js';
import { agentArguments, formatArguments } from '../../../cli/setup/service/agent-arguments.js';
import { AGENT_SCRIPT, UNIT } from '../../../cli/setup/service/service-files.js';
import { PATHS } from '../../../cli/setup/service/service-paths.js';
import type { BareHost } from '../../../fixtures/fleet/bare/bare-host.js';
import { projectFolder } from '../../../fixtures/fleet/project-paths.js';
import { findProgram } from '../../../fixtures/fleet/run-command.js';
import type { Scene } from './scene.js';

const PLAY = join(projectFolder, 'test/bench/up/play/install.yaml');

/** The hosts that run etcd. */
export const CLUSTER_SIZE = 3;

/** Whether this machine has Ansible. */
export async function hasAnsible(): Promise<boolean> {
  return (await findProgram('ansible-playbook', process.env['PATH'] ?? '')) !== undefined;
}

/** Ansible set up for a scene as somebody who cares for its speed would: pipelining, connections that are kept, all hosts at once. */
export class Playbook {
  readonly #scene: Scene;
  readonly #runtime: LocalProgram;
  readonly #folder: string;

  /** Makes everything that differs by host before the clock runs: certificates, too. */
  static async write(scene: Scene, runtime: LocalProgram, bundle: LocalProgram): Promise<Playbook> {
    const folder = join(scene.folder, 'ansible');
    await mkdir(join(folder, 'cp'), { recursive: true, mode: 0o700 });
    await writeFile(join(folder, 'ansible.cfg'), settings(folder, scene.home));
    const [founder, ...joiners] = scene.names;
    await writeFile(
      join(folder, 'inventory.ini'),
      ['[founder]', founder, '[joiners]', ...joiners, ''].join('\n'),
    );
    const authority = createAuthority('bench');
    for (const host of scene.hosts) {
      const seeds = host.name === founder ? [] : [`https://${scene.hosts[0]?.address}:2379`];
      const certificate = issueHostCertificate(authority, { hostname: host.name, addresses: [host.address] });
      await writeFiles(join(folder, host.name), {
        [`${PATHS.certificates}/ca.crt`]: authority.cert,
        [`${PATHS.certificates}/host.crt`]: certificate.cert,
        [`${PATHS.certificates}/host.key`]: certificate.key,
        [PATHS.arguments]: formatArguments(agentArguments(agentOf(host, seeds, runtime, bundle))),
        [PATHS.agentScript]: AGENT_SCRIPT,
        [PATHS.wrapper]: wrapper(runtime),
        [PATHS.unit]: UNIT,
      });
    }
    return new Playbook(scene, runtime, folder);
  }

  private constructor(scene: Scene, runtime: LocalProgram, folder: string) {
    this.#scene = scene;
    this.#runtime = runtime;
    this.#folder = folder;
  }

  /** Where the play keeps the compressed runtime on a host, to know it again. */
  static readonly keptRuntime = `${PROGRAMS_FOLDER}/runtime.gz`;

  /**
   * Runs the play. @param options.isRolling restart one host after the other
   * @returns how long it took, in milliseconds
   */
  run(bundle: LocalProgram, { isRolling = false } = {}): Promise<number> {
    const variables = {
      files: this.#folder,
      runtime_file: this.#runtime.file,
      runtime_path: this.#runtime.path,
      bundle_file: bundle.file,
      release: releaseOf(bundle),
      rolling: isRolling,
    };
    const argv = ['ansible-playbook', PLAY, '--extra-vars', JSON.stringify(variables)] as const;
    return this.#scene.time(argv, { ANSIBLE_CONFIG: join(this.#folder, 'ansible.cfg') });
  }
}

function settings(folder: string, home: string): string {
  return `[defaults]
inventory = ${folder}/inventory.ini
forks = 10
gathering = explicit
interpreter_python = /usr/bin/python3
host_key_checking = true
[ssh_connection]
pipelining = true
ssh_args = -F ${home}/.ssh/config -o ControlMaster=auto -o ControlPersist=60s
control_path_dir = ${folder}/cp
`;
}

function agentOf(host: BareHost, seeds: string[], runtime: LocalProgram, bundle: LocalProgram) {
  return {
    hostname: host.name,
    fleet: { name: 'bench', id: undefined },
    address: host.address,
    seeds,
    newCluster: seeds.length === 0,
    clusterSize: seeds.length === 0 ? CLUSTER_SIZE : undefined,
    labels: {},
    namespace: undefined,
    runtime: `${PROGRAMS_FOLDER}/${runtime.path}`,
    release: releaseOf(bundle),
  };
}

function wrapper(runtime: LocalProgram): string {
  return `#!/bin/sh
unset NODE_OPTIONS NODE_PATH
exec ${PROGRAMS_FOLDER}/${runtime.path} ${PROGRAMS_FOLDER}/current/hawser.cjs "$@"
`;
}

async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}
