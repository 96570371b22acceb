import { z } from 'zod';
import type { Fleet } from '../fleet/file/fleet.js';
import type { KnownFleet } from '../fleet/file/format-fleets.js';
import { type CommandOutputs, FOREIGN, lines, value } from './command-output.js';
import { hostname, hostnames, labels, moment, sentence } from './common-shapes.js';
import { describing } from './describing.js';
import { hostStatus, problem } from './status-outputs.js';

const fleetName = z.string().describe('The name of the fleet.');
const file = z.string().describe('The path of the file.');

const upPlan = z
  .object({
    fleet: z.object({ name: fleetName, isNew: z.boolean() }),
    hosts: z.array(
      z.object({
        hostname,
        address: z.string().optional(),
        changes: z.boolean().describe('Whether anything is to be done there.'),
        installEtcd: z.string().nullable(),
        sendsEtcd: z.boolean(),
        sendsPrograms: z.boolean(),
        certificate: z.enum(['new', 'renew', 'keep']),
        certificateBecause: z.string().nullable(),
        groupUser: z.string().nullable(),
        starts: z.boolean(),
      }),
    ),
    leftOut: z.array(z.object({ hostname, message: sentence })),
    unknownReach: hostnames,
    newAuthority: z
      .object({ restartsToTrust: hostnames, restartsToForget: hostnames, waitsFor: hostnames })
      .nullable(),
  })
  .describe('With --plan: what would be done.');

const up = z.object({
  fleet: z.object({ name: fleetName, id: z.string().optional(), file }),
  changed: z.boolean(),
  hosts: z.array(hostStatus),
  problems: z.array(problem),
  failures: z.array(z.object({ hostname, message: sentence })).describe('What was not done, by host.'),
});

const listedFleet = describing<KnownFleet>()(
  z.object({
    name: fleetName,
    file,
    chosen: z.boolean().describe('Whether "hawser fleet use" chose it.'),
    hosts: hostnames,
    id: z.string().nullable(),
    problem: z.string().nullable().describe('What is wrong with its file.'),
  }),
);

const known = describing<Omit<Fleet, 'hosts'>>()(
  z.object({
    name: fleetName,
    file,
    id: z.string().exactOptional(),
    namespace: z.string().exactOptional(),
    clusterSize: z.int().exactOptional(),
    hosts: z.array(
      z.object({
        name: hostname,
        ssh: z.string(),
        hostKeys: z.array(z.string()),
        jump: z.string().exactOptional(),
        address: z.string().exactOptional(),
        user: z.string().exactOptional(),
        sudo: z.boolean().exactOptional(),
        bridge: z.boolean().exactOptional(),
        ageRecipient: z.string().exactOptional(),
        labels,
      }),
    ),
    knownHosts: z.array(z.string()),
    authority: z.string().exactOptional().describe('Certificates, as PEM.'),
    hasAuthorityKey: z.boolean(),
  }),
);

const forward = {
  id: z.string(),
  fleet: z.string().describe("The fleet's name, or where SSH goes."),
  listen: z.string().nullable().describe('The address of the first of `forwards`.'),
  via: z.string().describe('user@host:port'),
  status: z.string().describe('`connected`, `connecting` or `waiting`.'),
  pid: z.int(),
  since: moment,
  connections: z.int(),
  endsInMs: z.number().nullable().describe('Null while it is in use.'),
  forwards: z.array(z.object({ seed: z.string(), address: z.string() })),
};

const trusted = z.object({
  file: z.string().optional(),
  folder: z.string().optional(),
  trusted: z.boolean(),
  keys: z.record(z.string(), z.array(z.string())),
});
const trustList = z
  .array(z.object({ folder: z.string(), since: moment, state: z.enum(['trusted', 'changed', 'gone']) }))
  .describe('With --list.');
const untrusted = z.object({ folder: z.string(), removed: z.boolean() }).describe('With --remove.');

const demo = z.object({
  backend: z.string(),
  hosts: z.array(z.object({ host: hostname, answer: z.string() })),
  totalMs: z.int(),
  deployMs: z.int(),
});

const lab = z.object({
  name: z.string().describe('The name of the lab.'),
  backend: z.string().describe('`docker`, `podman` or `processes`.'),
  folder: file.describe('A directory that is private to you.'),
  sshConfig: file.describe('For `ssh -F`.'),
  identity: file,
  knownHosts: file,
  config: file.describe('For `--config` of other commands.'),
  etcd: z.array(z.string()).describe('Endpoints, as the hosts see them; empty without agents.'),
  hosts: z.array(
    z.object({ hostname, sshUrl: z.string(), address: z.string(), faults: z.array(z.string()) }),
  ),
});
const faulty = value(z.array(z.object({ hostname, faults: z.array(sentence) })));
const labFaults = ['cut', 'freeze', 'thaw', 'kill', 'start', 'delay', 'clock', 'fill-disk', 'heal'];

/** Of the commands that set fleets up, and the ways to them. */
export const setupOutputs: CommandOutputs = {
  demo: value(z.union([demo, z.object({ stopped: z.int() }).describe('With --stop.')])),
  'lab up': value(lab),
  'lab show': value(lab),
  'lab ssh': FOREIGN,
  'lab list': value(
    z.array(
      z.object({ name: z.string(), backend: z.string(), hosts: hostnames, folder: file, since: moment }),
    ),
  ),
  ...Object.fromEntries(labFaults.map((name) => [`lab ${name}`, faulty])),
  'lab down': value(z.object({ removed: z.array(z.string()) })),
  up: value(z.union([up, upPlan])),
  down: value(z.object({ removed: hostnames, problems: z.array(z.string()) })),
  upgrade: value(
    z.union([
      z.object({ upgraded: hostnames, version: z.string() }),
      z.object({ order: hostnames, version: z.string() }).describe('With --plan.'),
    ]),
  ),
  init: value(z.object({ name: fleetName, file, clusterSize: z.int(), hosts: hostnames })),
  'fleet list': value(z.array(listedFleet)),
  'fleet show': value(known),
  'fleet use': value(z.object({ name: fleetName, file })),
  'fleet add': value(z.object({ name: fleetName, file, keyFile: z.string(), hasAuthorityKey: z.boolean() })),
  'fleet edit': value(z.object({ file, changed: z.boolean() })),
  run: lines(
    z.object({ time: moment, level: z.enum(['debug', 'info', 'warn', 'error']), message: z.string() }),
  ),
  trust: value(z.union([trusted, trustList, untrusted])),
  'config show': value(
    z.array(
      z.object({
        name: z.string(),
        value: z.union([z.string(), z.array(z.string())]).nullable(),
        from: z.string().describe('`--flag`, `$VARIABLE`, `file:line`, or `default`.'),
      }),
    ),
  ),
  completion: value(z.object({ script: z.string() })),
  bridge: FOREIGN,
  forward: value(
    z
      .object({ listen: z.string() })
      .describe('Printed at once; the command goes on until it is interrupted.'),
  ),
  'forward start': value(z.object({ ...forward, wasRunning: z.boolean() })),
  'forward list': value(z.array(z.object(forward))),
  'forward stop': value(z.object({ stopped: z.array(z.string()) })),
  env: value(z.record(z.string(), z.string()).describe('Variables and their values.')),
};
