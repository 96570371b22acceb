import { hostile } from './hostile.js';
import type { Terminal } from './terminal.js';

/** One call of a command, in a terminal. */
export interface Call {
  readonly args: readonly string[];
  /** A value that was asked for keeps its line breaks. */
  readonly isValue?: true;
  /** What the person does; a command that asks draws with its own sequences. */
  readonly person?: (terminal: Terminal) => Promise<void>;
  readonly asks?: true;
  /** It draws its progress over and over. */
  readonly redraws?: true;
}

export const [key, map] = [hostile('key'), hostile('map')];
export const file = `/${hostile('file')}`;
export const folder = `/${hostile('folder')}`;

/** Ends what would go on for ever, once it has shown something. */
const interrupted = (shows: RegExp) => async (terminal: Terminal) => {
  await terminal.shows(shows);
  terminal.type('\x03');
};

/** How each command is called; one that is not here fails the first test. */
export const calls: Readonly<Record<string, readonly Call[]>> = {
  demo: [{ args: ['--backend', hostile('kind')] }],
  'lab up': [{ args: ['--name', hostile('lab')] }],
  'lab list': [{ args: [] }],
  'lab show': [{ args: [hostile('lab')] }],
  'lab ssh': [{ args: [hostile('host'), '--name', hostile('lab')] }],
  'lab cut': [{ args: [hostile('host'), '--name', hostile('lab')] }],
  'lab freeze': [{ args: [hostile('host'), '--name', hostile('lab')] }],
  'lab thaw': [{ args: [hostile('host'), '--name', hostile('lab')] }],
  'lab kill': [{ args: [hostile('host'), '--name', hostile('lab')] }],
  'lab start': [{ args: [hostile('host'), '--name', hostile('lab')] }],
  'lab delay': [{ args: [hostile('host'), '1s', '--name', hostile('lab')] }],
  'lab clock': [{ args: [hostile('host'), '1s', '--name', hostile('lab')] }],
  'lab fill-disk': [{ args: [hostile('host'), '--name', hostile('lab')] }],
  'lab heal': [{ args: [hostile('host'), '--name', hostile('lab')] }],
  'lab down': [{ args: [hostile('lab')] }],
  run: [
    {
      args: ['--no-server', '--hostname', 'me', '--prefix', 'PREFIX', '--verbose'],
      person: interrupted(/Skipping \/scheduler\/hostname/),
    },
  ],
  deploy: [
    { args: ['APP', '--plan', '-m', hostile('message')] },
    {
      // Nobody is there who could decide on it.
      args: ['APP', '--hosts', 'all', '-m', hostile('message'), '--wait-timeout', '1s'],
      asks: true,
      person: async (terminal) => {
        await terminal.shows(/Deploy app as deploy 3/);
        terminal.type('\r');
      },
    },
  ],
  'deploys list': [{ args: [] }],
  'deploys show': [{ args: ['1'] }, { args: ['2'] }, { args: ['99'] }],
  'deploys diff': [{ args: ['2', '1'] }, { args: ['1', '--diff'] }],
  'deploys wait': [{ args: ['1', '--wait-timeout', '200ms'], redraws: true }],
  'deploys resume': [{ args: ['1'] }],
  'deploys abort': [{ args: ['1', '--reason', hostile('reason')] }],
  'deploys confirm': [{ args: ['1'] }],
  'deploys logs': [{ args: ['1'] }, { args: ['2'] }],
  'deploys lock': [{ args: [hostile('app'), '--reason', hostile('reason')] }],
  'deploys unlock': [{ args: [hostile('app')] }, { args: [hostile('app'), '--force'] }],
  apps: [{ args: [] }],
  rollback: [{ args: ['--app', hostile('app'), '--yes', '--no-wait'] }],
  restart: [{ args: [hostile('app'), '--yes', '--no-wait'] }],
  remove: [{ args: [hostile('app'), '--yes', '--no-wait'] }],
  'deploys prune': [{ args: ['--keep', '100'] }, { args: ['--keep', hostile('1')] }],
  logs: [
    { args: [hostile('app')] },
    { args: ['app', '--ssh-url', hostile('root@h')] },
    { args: ['app', '--process', hostile('main')] },
  ],
  'secret set': [
    { args: ['TOKEN', '--app', 'app', '--file', hostile('file')] },
    { args: ['TOKEN', '--app', 'app', '--hosts', hostile('host'), '--file', 'FLEET', '--yes'] },
    { args: ['TOKEN', '--app', 'app', '--hosts', 'all', '--file', 'FLEET', '--trust-etcd'] },
  ],
  'secret list': [{ args: [] }],
  'secret remove': [
    { args: [hostile('TOKEN'), '--app', 'app', '--yes'] },
    { args: ['TOKEN', '--app', hostile('app'), '--yes'] },
  ],
  status: [{ args: [] }, { args: ['--wait-converged', '1ms', '--timeout', '2s'] }],
  top: [
    {
      args: [],
      redraws: true,
      person: async (terminal) => {
        await terminal.shows(/EVIL/);
        terminal.type('j\r');
        await terminal.shows(/Esc for all hosts/);
        terminal.type('q');
      },
    },
  ],
  events: [{ args: ['--from', '2'], person: interrupted(/EVIL/) }, { args: ['--types', hostile('type')] }],
  doctor: [{ args: [hostile('root@h')] }, { args: [hostile('web1')] }, { args: ['--fleet', 'FLEET'] }],
  'str get': [
    { args: [key], isValue: true },
    { args: [hostile('absent')] },
    { args: ['bytes'] },
    { args: [key, '--watch'], isValue: true, person: interrupted(/EVIL/) },
  ],
  'str watch': [{ args: [key], isValue: true, person: interrupted(/EVIL/) }],
  'str set': [{ args: ['', hostile('value')] }, { args: [hostile('new'), hostile('value')] }],
  'str del': [{ args: [hostile('new')] }],
  'map get': [{ args: [map] }, { args: [map, '--watch'], person: interrupted(/EVIL/) }],
  'map watch': [{ args: [map], person: interrupted(/EVIL/) }],
  'map set': [{ args: [map, 'x', '--hostname', hostile('a/b')] }],
  'map del': [{ args: [map, '--hostname', hostile('a,b')] }],
  'res export': [
    { args: [hostile('a/b'), hostile('name'), hostile('data')] },
    { args: ['--file', hostile('file')] },
  ],
  'res collect': [
    { args: [] },
    { args: ['--hostname', hostile('to')] },
    { args: ['--kind', hostile('a/b')] },
    { args: ['--watch'], person: interrupted(/EVIL/) },
  ],
  'res delete': [{ args: [hostile('a/b'), hostile('name')] }],
  'schedule get': [
    { args: [hostile('backup')] },
    { args: [hostile('backup'), '--watch'], person: interrupted(/EVIL/) },
  ],
  'schedule list': [{ args: [] }],
  'schedule join': [{ args: [hostile('backup'), '--strategy', hostile('none')] }],
  'schedule add': [
    { args: [hostile('backup')] },
    { args: [hostile('backup'), '--persist', '--strategy', hostile('none')] },
  ],
  'schedule withdraw': [{ args: [hostile('a/b')] }],
  'fs ls': [
    { args: [] },
    { args: ['-l', '/'] },
    { args: ['/', '--fs', hostile('broken')] },
    { args: [hostile('/absent')] },
  ],
  'fs tree': [{ args: [] }],
  'fs cat': [{ args: [file], isValue: true }, { args: [folder] }],
  'fs put': [{ args: [hostile('absent'), '/x'] }, { args: ['APP', folder], redraws: true }],
  'fs get': [
    { args: [file, '-'], isValue: true },
    { args: [hostile('/absent'), '.'] },
    { args: ['/', 'OUT'], redraws: true },
  ],
  'fs rm': [{ args: [folder] }, { args: [hostile('/absent')] }],
  'fs du': [{ args: [file] }],
  'fs gc': [{ args: [] }],
  members: [{ args: [] }, { args: ['--watch'], person: interrupted(/EVIL/) }],
  'members defrag': [{ args: [] }],
  'members forget': [{ args: [hostile('gone')] }],
  'members recover': [{ args: ['--prefix', hostile('prefix')] }, { args: ['--ssh-url', hostile('root@h')] }],
  up: [{ args: [hostile('root@h'), '--yes'] }, { args: ['--fleet', 'FLEET', '--name', hostile('prod')] }],
  down: [{ args: [hostile('web1'), '--yes'] }, { args: ['--all', '--yes', '--fleet', hostile('prod')] }],
  upgrade: [{ args: [hostile('web1'), '--yes'] }, { args: ['--fleet', 'FLEET'] }],
  init: [
    { args: ['--name', hostile('prod'), '--host', 'web1'] },
    { args: ['--name', 'prod', '--host', hostile('web1'), '--json'] },
  ],
  'fleet list': [{ args: [] }],
  'fleet show': [{ args: [] }, { args: [hostile('prod')] }, { args: ['FLEET'] }],
  'fleet use': [{ args: [hostile('prod')] }],
  'fleet add': [{ args: [hostile('prod')] }, { args: ['FLEET'] }],
  'fleet edit': [{ args: [hostile('prod')] }],
  bridge: [{ args: [hostile('socket')] }],
  trust: [{ args: [hostile('folder')] }, { args: ['--list'] }],
  exec: [
    { args: ['all', '--fleet', 'FLEET', '-c', hostile('program')] },
    { args: [hostile('web1'), '-c', 'true'] },
    { args: [hostile('root@h'), '-c', 'true'] },
    { args: ['--rerun', 'failed'] },
  ],
  ssh: [{ args: [hostile('web1')] }, { args: ['all', '--fleet', 'FLEET', 'true'] }],
  cp: [
    { args: ['APP', `${hostile('web1')}:/x`] },
    { args: ['all:/x', 'OUT', '--fleet', 'FLEET'] },
    { args: [hostile('absent'), 'all:/x', '--fleet', 'FLEET'] },
  ],
  completion: [{ args: ['bash'] }, { args: [hostile('sh')] }],
  'config show': [{ args: [] }, { args: ['--fleet', 'FLEET'] }, { args: ['--ssh-url', hostile('root@h')] }],
  endpoints: [{ args: [] }, { args: ['--watch'], person: interrupted(/EVIL/) }],
  backup: [{ args: [`${hostile('file')}/x`] }],
  restore: [{ args: [hostile('file'), '--yes'] }],
  history: [{ args: [] }, { args: ['/', '--limit', '1000'] }, { args: [hostile('key')] }],
  diff: [{ args: ['--from', '1'] }, { args: ['/', '--from', '1'] }],
  undo: [{ args: ['2', '--yes'] }],
  size: [{ args: [] }, { args: [hostile('3')] }],
  'forward start': [{ args: ['--ssh-url', hostile('root@h')] }, { args: ['--idle', hostile('1s')] }],
  'forward list': [{ args: [] }],
  'forward stop': [{ args: [hostile('prod')] }],
  env: [{ args: [] }, { args: ['--ssh-url', hostile('root@h')] }],
  forward: [
    { args: [hostile('target'), '--ssh-url', hostile('root@h')] },
    { args: ['--listen', hostile('h')] },
  ],
};
