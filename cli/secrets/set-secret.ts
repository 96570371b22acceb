import type { ClientWorld } from '../../world/client-world.js';
import { listRecipients } from '../../world/secrets/recipients.js';
import { isVariableText, sealSecret } from '../../world/secrets/secret-value.js';
import { putSecret } from '../../world/secrets/stored-secrets.js';
import { type HostFlags, hostsToReach } from '../agent-access/hosts-to-reach.js';
import { type ReadCall, readDeployment } from '../deploy/read-deploys.js';
import { CliError } from '../errors.js';
import type { FleetTarget } from '../fleet/merge-target.js';
import { printNote } from '../output/print.js';
import { canAsk, confirm } from '../prompts/confirm.js';
import { ourName } from '../system/user-name.js';
import { type ChosenApp, chooseHosts } from './choose-hosts.js';
import { type HostKeyFacts, hostsToAsk, judgeRecipients, type SaidByHosts } from './judge-recipients.js';
import { pinRecipients } from './pin-recipients.js';
import { readRecipients } from './read-recipients.js';
import { askSecretValue } from './read-secret-value.js';

/** What `hawser secret set` is asked for. */
export interface SetRequest extends HostFlags {
  readonly name: string;
  readonly chosen: ChosenApp;
  readonly hosts: string | undefined;
  /** Undefined: a person is asked for it. */
  readonly value: Buffer | undefined;
  /** Whether what etcd says is enough. */
  readonly trustEtcd: boolean;
  readonly sudoPasswordFile: string | undefined;
  readonly target: FleetTarget;
}

/** What was stored: never the value. */
export interface SetOutcome {
  readonly app: string;
  readonly name: string;
  readonly hosts: readonly string[];
}

/**
 * Encrypts a secret to the keys of the hosts that are to have it, and stores it.
 *
 * @throws CliError `usage`, `no-secret`, `refused`; TunnelError where a host has to be asked for its key and cannot be
 */
export async function setSecret(
  world: ClientWorld,
  request: SetRequest,
  call: ReadCall,
): Promise<SetOutcome> {
  const { name, chosen } = request;
  const { signal } = call;
  const { app, manifest } = chosen;
  const hosts = await chooseHosts(world, chosen, request.hosts, call);
  const recipients = await provenRecipients(world, request, hosts, call);
  const value = request.value ?? (await askSecretValue(name, signal));
  const isText = isVariableText(value);
  const wanted = manifest?.secrets?.[name];
  if (!isText && wanted !== undefined && wanted.as !== 'file')
    throw new CliError(
      'usage',
      `The value of ${name} has bytes that no variable can hold: write "${name}: file" below secrets in hawser.yaml, or set another value.`,
    );
  const ciphertext = await sealSecret({ app, name }, value, recipients.values()).catch((error: Error) => {
    throw new CliError('refused', `The key of a host in etcd is none: ${error.message}. Nothing was stored.`);
  });
  const secret = {
    ...{ at: new Date().toISOString(), by: ourName(), hosts: Object.fromEntries(recipients) },
    ...{ isText, ciphertext },
  };
  await putSecret(world.client, { app, name }, secret, { signal });
  sayWhoGetsIt(request);
  await sayWhatRuns(world, request, call);
  return { app, name, hosts };
}

/** A name that is written wrongly shows here first. */
function sayWhoGetsIt({ name, chosen: { app, manifest }, ...output }: SetRequest): void {
  if (manifest === undefined) return;
  const wanted = manifest.secrets?.[name];
  if (wanted === undefined)
    printNote(output, `No program of ${app} gets it yet: hawser.yaml does not name ${name} below secrets.`);
  else if (wanted.from !== undefined)
    printNote(output, `hawser.yaml takes ${name} from ${wanted.from} on the hosts, not from what was set.`);
}

/** What runs keeps the value that it was started with. */
async function sayWhatRuns(
  world: ClientWorld,
  { chosen, name, ...output }: SetRequest,
  call: ReadCall,
): Promise<void> {
  const { app } = chosen;
  const id = (await world.getApps(call)).get(app);
  if (id === undefined) return;
  const { deployment } = await readDeployment(world, id, call);
  if (deployment.action === 'remove' || deployment.manifest.secrets?.[name] === undefined) return;
  printNote(output, `${app} runs with the value of before until it is started again: hawser restart ${app}`);
}

async function provenRecipients(
  world: ClientWorld,
  request: SetRequest,
  hosts: readonly string[],
  { signal, timeoutMs }: ReadCall,
): Promise<ReadonlyMap<string, string>> {
  const { target, trustEtcd } = request;
  const published = await listRecipients(world.client, undefined, { signal });
  const facts = hosts.map((host): HostKeyFacts => {
    const pinned = target.fleetHosts?.find(({ name }) => name === host)?.ageRecipient;
    return { host, published: published.get(host), pinned };
  });
  const asked = trustEtcd ? [] : hostsToAsk(facts);
  const said = await askHosts(request, asked, { signal, timeoutMs });
  const { recipients, unproven } = judgeRecipients(facts, said);
  await pinRecipients(target, recipients, said.byHost, request);
  if (unproven.length > 0 && !trustEtcd) await requireTrustInEtcd(request, unproven, signal);
  return recipients;
}

async function askHosts(
  request: SetRequest,
  wanted: readonly string[],
  { signal, timeoutMs }: ReadCall,
): Promise<SaidByHosts> {
  const { target, prefix, sudoPasswordFile } = request;
  const { file, fleetHosts, sshUrls } = target;
  const asking = { prefix, sudoPasswordFile, timeoutMs, signal };
  const known = fleetHosts?.filter(({ name }) => wanted.includes(name)).map(({ name }) => name);
  if (wanted.length === 0 || sshUrls.length === 0 || known?.length === 0)
    return { byHost: new Map(), byOthers: new Set() };
  if (known === undefined) {
    const said = await readRecipients((await hostsToReach(request, signal)).hosts, asking);
    return { byHost: new Map(), byOthers: new Set([...said.values()].filter((one) => one !== undefined)) };
  }
  // The same fleet as above, however it was found.
  const flags = file === undefined ? request : { ...request, fleet: file };
  const { hosts } = await hostsToReach(flags, signal, known.join(','));
  return { byHost: await readRecipients(hosts, asking), byOthers: new Set() };
}

/** @throws CliError `refused` */
async function requireTrustInEtcd(
  { yes = false, target }: SetRequest,
  unproven: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const hosts = unproven.join(', ');
  const why = `Only etcd says with which key ${hosts} would decrypt it, and whoever can write there could have put another one there.`;
  if (!yes && canAsk() && (await confirm(`${why} Encrypt to what etcd has?`, { signal, byDefault: false })))
    return;
  const how =
    target.sshUrls.length === 0
      ? 'reach the fleet over SSH'
      : target.fleetHosts === undefined
        ? 'pass an --ssh-url for each of the hosts that are to have the secret, and for no other'
        : `add ${hosts} to the fleet file`;
  throw new CliError('refused', `${why} To be sure, ${how}; or pass --trust-etcd. Nothing was stored.`);
}
