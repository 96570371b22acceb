import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import test from 'ava';
import { TunnelError } from '../../../../tunnel/index.js';
import { waitUntil } from '../../../fixtures/helpers/wait-until.js';
import { resolved } from '../../helpers/resolved.js';
import { Sshd } from '../../helpers/sshd.js';
import { connected, type Dial, settled } from './connected.js';

const FLOOD_BYTES = 64 << 20;

export function testCommands(dial: Dial): void {
  test.serial('a command gets what is sent, and what it wrote and how it ended come back', async (t) => {
    await using sshd = await Sshd.start();
    await using link = await connected(dial, resolved(sshd));
    const command = await link.exec('cat; echo trouble >&2; exit 3');
    command.stdin.end('sent');
    t.deepEqual(await Promise.all([text(command.stdout), text(command.stderr), command.exit]), [
      'sent',
      'trouble\n',
      { code: 3 },
    ]);
    const killed = await link.exec('kill -TERM $$');
    t.deepEqual(await killed.exit, { signal: 'SIGTERM' });
  });

  test.serial('a shell, a subsystem and a pseudo-terminal that changes its size', async (t) => {
    await using sshd = await Sshd.start(['Subsystem mirror /bin/cat']);
    await using link = await connected(dial, resolved(sshd));
    const shell = await link.exec({ shell: true });
    shell.stdin.end('echo from $0; exit 6\n');
    t.regex(await text(shell.stdout), /from .*sh\n$/);
    t.deepEqual(await shell.exit, { code: 6 });
    const subsystem = await link.exec({ subsystem: 'mirror' });
    subsystem.stdin.end('there and back');
    t.is(await text(subsystem.stdout), 'there and back');
    await t.throwsAsync(link.exec({ subsystem: 'none' }), { code: 'exec-refused' });
    const line = 'stty size; trap "stty size; exit 7" WINCH; echo $TERM; while :; do sleep 0.05; done';
    const terminal = await link.exec(line, { term: 'vt220', columns: 91, rows: 17 });
    let shown = '';
    terminal.stdout.setEncoding('utf8').on('data', (part: string) => {
      shown += part;
      if (part.includes('vt220')) terminal.resize({ columns: 44, rows: 11 });
    });
    t.deepEqual(await terminal.exit, { code: 7 });
    t.is(shown, '17 91\r\nvt220\r\n11 44\r\n');
    terminal.resize({ columns: 1, rows: 1 });
    await using strict = await Sshd.start(['PermitTTY no']);
    await using without = await connected(dial, resolved(strict));
    const refused = without.exec('true', { term: 'vt220', columns: 80, rows: 24 });
    await t.throwsAsync(refused, { code: 'exec-refused', message: /pseudo-terminal/ });
  });

  test.serial('a command that is through with all of its streams still tells how it ended', async (t) => {
    await using sshd = await Sshd.start(['LogLevel DEBUG2']);
    await using link = await connected(dial, resolved(sshd));
    const command = await link.exec('exec <&- >&- 2>&-; sleep 0.3; exit 4');
    command.stdin.end();
    t.is(await text(command.stdout), '');
    command.stderr.resume();
    t.deepEqual(await command.exit, { code: 4 });
    const said = () => sshd.log.flatMap((line) => /request exit-status|rcvd close/.exec(line)?.[0] ?? []);
    await waitUntil('the channel is closed', () => said().length >= 2);
    t.deepEqual(said(), ['request exit-status', 'rcvd close']);
  });

  test.serial('a command whose output is not read has to wait; what is not wanted is dropped', async (t) => {
    await using sshd = await Sshd.start();
    await using link = await connected(dial, resolved(sshd));
    const flood = `head -c ${FLOOD_BYTES} /dev/zero`;
    const waiting = await link.exec(`${flood}; echo through >&2`);
    let heard = '';
    waiting.stderr.setEncoding('utf8').on('data', (part: string) => {
      heard += part;
    });
    t.true((await settled(() => waiting.stdout.readableLength)) < FLOOD_BYTES / 2);
    t.is(heard, '');
    let bytes = 0;
    for await (const chunk of waiting.stdout) bytes += chunk.length;
    t.is(bytes, FLOOD_BYTES);
    t.deepEqual(await waiting.exit, { code: 0 });
    t.is(heard, 'through\n');

    const dropped = await link.exec(`${flood} >&2; echo through`);
    dropped.stderr.destroy();
    t.is(await text(dropped.stdout), 'through\n');
    t.deepEqual(await dropped.exit, { code: 0 });
  });

  test.serial('a command need not read what it is sent', async (t) => {
    await using sshd = await Sshd.start();
    await using link = await connected(dial, resolved(sshd));
    const command = await link.exec('exit 5');
    const sending = pipeline(Readable.from([Buffer.alloc(FLOOD_BYTES)]), command.stdin);
    await t.throwsAsync(sending, { code: 'ERR_STREAM_PREMATURE_CLOSE' });
    t.deepEqual(await command.exit, { code: 5 });
  });

  test.serial('when the connection is lost, the outcome of a command is unknown', async (t) => {
    await using sshd = await Sshd.start();
    await using link = await connected(dial, resolved(sshd));
    const command = await link.exec('echo begun; exec sleep 60');
    await once(command.stdout, 'data');
    await sshd.killConnections();
    const error = await t.throwsAsync(command.exit, { instanceOf: TunnelError });
    t.is(error.code, 'outcome-unknown');
    t.is(command.stdout.errored?.name, 'TunnelError');
    await link.link.closed;
    const late = await t.throwsAsync(link.exec('true'), { instanceOf: TunnelError });
    t.is(late.code, 'closed');
  });

  test.serial(
    'a command whose end was told, but not all of its output, is not said to have ended',
    async (t) => {
      await using sshd = await Sshd.start(['LogLevel DEBUG2']);
      await using link = await connected(dial, resolved(sshd));
      const told = () => sshd.log.filter((line) => line.includes('request exit-status')).length;
      // The one that goes on holds the output open.
      const command = await link.exec('sleep 60 & exit 0');
      await waitUntil('its end was told', () => told() === 1);
      t.deepEqual(await (await link.exec('exit 7')).exit, { code: 7 });
      await sshd.killConnections();
      const error = await t.throwsAsync(command.exit, { instanceOf: TunnelError });
      t.is(error.code, 'outcome-unknown');
    },
  );

  test.serial('a command that a silent host was not asked for yet has not begun', async (t) => {
    await using sshd = await Sshd.start();
    await using link = await connected(dial, resolved(sshd), {
      keepaliveIntervalMs: 200,
      keepaliveCountMax: 2,
    });
    await sshd.freeze();
    const error = await t.throwsAsync(link.exec('true'), { instanceOf: TunnelError });
    t.is(error.code, 'closed');
  });

  test.serial('aborting lets go of a command, which notices, and of nothing else', async (t) => {
    await using sshd = await Sshd.start();
    await using link = await connected(dial, resolved(sshd));
    const ended = join(sshd.folder, 'ended');
    const aborting = new AbortController();
    const reason = new Error('enough');
    const talk = 'trap "" PIPE; while echo going; do sleep 0.05; done 2>/dev/null';
    const command = await link.link.exec(`${talk}; echo > ${ended}`, aborting);
    await once(command.stdout, 'data');
    aborting.abort(reason);
    t.is(await t.throwsAsync(command.exit), reason);
    t.is(command.stdout.errored, reason);
    await waitUntil('the command ended', () => existsSync(ended));
    const aborted = link.link.exec('true', { signal: AbortSignal.abort(reason) });
    t.is(await t.throwsAsync(aborted), reason);
    t.deepEqual(await (await link.exec('exit 6')).exit, { code: 6 });
  });

  test.serial('a host that runs no command for us says so', async (t) => {
    await using sshd = await Sshd.start(['MaxSessions 0']);
    await using link = await connected(dial, resolved(sshd));
    const error = await t.throwsAsync(link.exec('true'), { instanceOf: TunnelError });
    t.is(error.code, 'exec-refused');
    t.regex(error.message, /MaxSessions/);
  });

  test.serial('many commands run at the same time', async (t) => {
    await using sshd = await Sshd.start(['MaxSessions 100']);
    await using link = await connected(dial, resolved(sshd));
    const numbers = Array.from({ length: 30 }, (_, number) => number);
    const exits = numbers.map(async (number) => (await link.exec(`exit ${number}`)).exit);
    t.deepEqual(
      await Promise.all(exits),
      numbers.map((code) => ({ code })),
    );
  });
}
