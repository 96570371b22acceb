import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import type { ResolvedDestination } from '../../../tunnel/ssh-config/resolved-destination.js';
import { masterArguments } from '../../../tunnel/transport/openssh/ssh-arguments.js';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'with blank '));
test.after.always(() => rmSync(folder, { recursive: true }));

const PLAIN: ResolvedDestination = {
  user: 'me',
  host: 'h.example',
  port: 2222,
  alias: 'alias',
  sshConfig: 'none',
  strictHostKeyChecking: 'ask',
  knownHostsFiles: ['/known'],
  hashKnownHosts: false,
  identityFiles: ['/id'],
  requiredIdentityFiles: [],
  defaultIdentityFiles: [],
  identitiesOnly: true,
  certificateFiles: [],
  authMethods: ['publickey'],
  jumps: [],
  batchMode: false,
  needsOpenSsh: [],
};

/** What OpenSSH makes of our arguments: option names in lower case, each with its values. */
async function understood(args: readonly string[]): Promise<Map<string, string[]>> {
  const { stdout } = await run('ssh', ['-G', ...args]);
  const options = new Map<string, string[]>();
  for (const line of stdout.split('\n')) {
    const [name = '', ...words] = line.split(' ');
    options.set(name, [...(options.get(name) ?? []), words.join(' ')]);
  }
  return options;
}

function argumentsFor(destination: ResolvedDestination): string[] {
  return masterArguments(destination, {
    folder,
    hostKeySources: [...destination.jumps, destination].map(() => ({ kind: 'known-hosts' })),
    keepaliveIntervalMs: 1_500,
    keepaliveCountMax: 3,
  });
}

test.serial('OpenSSH understands what it is to do as it was meant', async (t) => {
  const options = await understood(argumentsFor(PLAIN));
  const expected = {
    hostname: 'h.example',
    user: 'me',
    port: '2222',
    preferredauthentications: 'publickey',
    batchmode: 'yes',
    stricthostkeychecking: 'ask',
    userknownhostsfile: '/known',
    identityfile: '/id',
    identitiesonly: 'yes',
    clearallforwardings: 'yes',
    permitlocalcommand: 'no',
    forwardagent: 'no',
    serveraliveinterval: '2',
    controlpersist: '5',
    sessiontype: 'none',
  };
  const seen = Object.keys(expected).map((name) => [name, options.get(name)?.join()]);
  t.deepEqual(Object.fromEntries(seen), expected);
});

/** The `ssh` that goes through a jump host, as the shell that OpenSSH runs for it would see it. */
async function hopArguments(args: readonly string[]): Promise<string[]> {
  const [proxy = ''] = (await understood(args)).get('proxycommand') ?? [];
  // OpenSSH replaces the tokens, then a shell makes words of it.
  const command = proxy
    .replaceAll('%%', '\0')
    .replaceAll('%h', 'h')
    .replaceAll('%p', '1')
    .replaceAll('\0', '%');
  const { stdout } = await run('sh', ['-c', `printf '%s\\n' ${command}`]);
  const [program, ...words] = stdout.trimEnd().split('\n');
  return program === 'ssh' ? words : [];
}

test.serial(
  'whatever ssh_config says, each ssh on the way checks the host key by what we have read',
  async (t) => {
    const sshConfig = join(folder, 'trusting');
    const trusting = [
      'NoHostAuthenticationForLocalhost yes',
      'StrictHostKeyChecking no',
      'UserKnownHostsFile /dev/null',
      'GlobalKnownHostsFile /theirs',
      'VerifyHostKeyDNS yes',
      'GSSAPIKeyExchange yes',
      'CheckHostIP yes',
      'UpdateHostKeys yes',
      'HashKnownHosts yes',
      'FingerprintHash md5',
      'ControlMaster auto',
      'ControlPath /theirs',
      'IgnoreUnknown Unheard',
      'UnheardOf yes',
      'Unheard yes',
    ];
    writeFileSync(sshConfig, `${trusting.join('\n')}\n`);
    const expected = {
      nohostauthenticationforlocalhost: 'no',
      stricthostkeychecking: 'ask',
      userknownhostsfile: '/known',
      globalknownhostsfile: 'none',
      verifyhostkeydns: 'false',
      gssapikeyexchange: 'no',
      checkhostip: 'no',
      updatehostkeys: 'false',
      hashknownhosts: 'no',
      fingerprinthash: 'SHA256',
    };
    const destination = { ...PLAIN, sshConfig };
    const args = argumentsFor({ ...destination, jumps: [destination] });
    const [near, far] = [await understood(await hopArguments(args)), await understood(args)];
    for (const options of [near, far]) {
      const seen = Object.keys(expected).map((name) => [name, options.get(name)?.join()]);
      t.deepEqual(Object.fromEntries(seen), expected);
    }
    t.deepEqual([near.get('controlpath'), near.get('controlmaster')], [undefined, ['false']]);
    t.deepEqual(far.get('controlpath'), [join(folder, 'c')]);
  },
);

test.serial(
  'any path that a file can have is taken for this path, also on the far side of a jump',
  async (t) => {
    const path = fc
      .string({ unit: fc.constantFrom(...`ab %h'"\\$\`;&|<>(){}*?~#=,:-é`), minLength: 1, maxLength: 12 })
      .map((name) => `/keys/${name.trim()}x`)
      // Refused before it comes to this.
      .filter((name) => !name.includes('${'));
    const property = fc.asyncProperty(path, path, async (key, known) => {
      const destination = { ...PLAIN, identityFiles: [key], knownHostsFiles: [known] };
      const direct = await understood(argumentsFor(destination));
      t.deepEqual(direct.get('identityfile'), [key.replaceAll('%', '%%')]);
      t.deepEqual(direct.get('userknownhostsfile'), [known]);
      const words = await hopArguments(argumentsFor({ ...PLAIN, jumps: [destination] }));
      const jump = await understood(words);
      t.deepEqual(jump.get('identityfile'), [key.replaceAll('%', '%%')]);
    });
    await fc.assert(property, { numRuns: 40 });
  },
);

test.serial('a user name that ssh_config may hold is handed on as it is, to a jump host too', async (t) => {
  for (const user of ['a b', '#a', 'CORP\\joe', 'ann:target', 'a\\\\b']) {
    const jumps = [{ ...PLAIN, user, alias: 'hop' }];
    const options = await understood(argumentsFor({ ...PLAIN, user, jumps }));
    t.is(options.get('user')?.join(), user);
    const command = (options.get('proxycommand')?.[0] ?? '')
      .replace(/-W .*$/, '-G hop')
      .replaceAll('%%', '%');
    const { stdout } = await run('/bin/sh', ['-c', command.replace(/^ssh /, 'exec ssh ')]);
    t.true(stdout.includes(`\nuser ${user}\n`), command);
  }
});
