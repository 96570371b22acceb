import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import type { HostShell } from '../../../../cli/setup/host/host-shell.js';
import type { LocalProgram } from '../../../../cli/setup/programs/local-program.js';
import { sendPrograms } from '../../../../cli/setup/programs/send-programs.js';
import { TunnelError } from '../../../../tunnel/errors.js';
import { temporaryFolder } from '../../helpers/hawser.js';
import { localHost } from './local-host.js';

const { signal } = new AbortController();
const content = randomBytes(1_000_000);
const hash = (of: Buffer) => createHash('sha256').update(of).digest('hex');

async function scene(t: ExecutionContext) {
  const folder = await temporaryFolder(t);
  const opt = path.join(folder, 'opt');
  const file = path.join(folder, 'node.gz');
  const compressed = gzipSync(content);
  await writeFile(file, compressed);
  const program: LocalProgram = {
    kind: 'runtime',
    version: '1',
    sha256: hash(content),
    file,
    compressedSha256: hash(compressed),
    sizeBytes: compressed.length,
    path: 'runtime/node-1/bin/node',
  };
  return { program, opt, host: localHost(opt), installed: path.join(opt, program.path), compressed };
}

/** A host whose connection is cut after so many bytes of what it is sent, each time. */
function cutAfter(host: Pick<HostShell, 'name' | 'run'>, bytes: number): Pick<HostShell, 'name' | 'run'> {
  return {
    name: host.name,
    run: async (script, { input, ...options } = {}) => {
      if (input === undefined || input instanceof Uint8Array) return host.run(script, options);
      let isCut = false;
      async function* some(all: AsyncIterable<Uint8Array>) {
        let left = bytes;
        for await (const chunk of all) {
          yield chunk.subarray(0, left);
          left -= chunk.length;
          isCut = left < 0;
          if (isCut) return;
        }
      }
      const result = await host.run(script, { ...options, input: some(input) });
      if (isCut) throw new TunnelError('outcome-unknown', 'web1', 'the connection was lost');
      return result;
    },
  };
}

test('A program is sent once, whole and for root alone to write', async (t) => {
  const { program, host, installed, opt } = await scene(t);
  t.is((await sendPrograms(host, [program], { signal })).sentBytes, program.sizeBytes);
  t.deepEqual(await readFile(installed), content);
  t.is((await stat(installed)).mode & 0o777, 0o755);
  t.deepEqual(await readdir(opt), ['runtime']);
  t.is((await sendPrograms(host, [program], { signal })).sentBytes, 0);
});

test('A program that is not what its name says is sent again', async (t) => {
  const { program, host, installed } = await scene(t);
  await sendPrograms(host, [program], { signal });
  await writeFile(installed, 'damaged');
  await sendPrograms(host, [program], { signal });
  t.deepEqual(await readFile(installed), content);
});

test('Sending goes on after any number of cuts, as long as it gets further', async (t) => {
  const { program, host, installed } = await scene(t);
  await sendPrograms(cutAfter(host, 100_000), [program], { signal });
  t.deepEqual(await readFile(installed), content);
  const stuck = sendPrograms(cutAfter(localHost(await temporaryFolder(t)), 0), [program], { signal });
  await t.throwsAsync(stuck, { instanceOf: TunnelError });
});

test('The command of an attempt that was cut may still write', async (t) => {
  const { program, host, installed, opt, compressed } = await scene(t);
  const part = path.join(opt, 'incoming', `${program.compressedSha256}.gz`);
  let isReleased = () => {};
  const released = new Promise<void>((resolve) => {
    isReleased = resolve;
  });
  async function* underWay() {
    yield compressed.subarray(0, 300_000);
    await released;
    yield compressed.subarray(300_000, 600_000);
  }
  let late: Promise<unknown> | undefined;
  const shared: Pick<HostShell, 'name' | 'run'> = {
    name: host.name,
    run: async (script, options = {}) => {
      const { input } = options;
      if (input === undefined || input instanceof Uint8Array) return host.run(script, options);
      if (late === undefined) {
        late = host.run(script, { ...options, input: underWay() });
        await untilHas(part, 300_000);
        throw new TunnelError('outcome-unknown', 'web1', 'the connection was lost');
      }
      async function* interrupted(all: AsyncIterable<Uint8Array>) {
        for await (const chunk of all) {
          yield chunk;
          await untilHas(part, 300_000 + chunk.length);
          isReleased();
          await late;
        }
      }
      return host.run(script, { ...options, input: interrupted(input) });
    },
  };
  await sendPrograms(shared, [program], { signal });
  t.deepEqual(await readFile(installed), content);
});

async function untilHas(file: string, bytes: number): Promise<void> {
  for (;;) {
    const size = await stat(file).then(
      (found) => found.size,
      () => 0,
    );
    if (size >= bytes) return;
    await setTimeout(10);
  }
}

test('What is not the program that was meant gets no name', async (t) => {
  const { program, host, opt } = await scene(t);
  await writeFile(program.file, gzipSync(randomBytes(1_000_000)));
  const refused = await t.throwsAsync(sendPrograms(host, [program], { signal }));
  t.regex(refused?.message ?? '', /arrived damaged on web1/);
  t.deepEqual(await readdir(path.join(opt, 'runtime/node-1/bin')), []);
  t.deepEqual(await readdir(path.join(opt, 'incoming')), []);
});

test('What is sent is said beforehand, and how far it is, with what an earlier attempt sent', async (t) => {
  const { program, host } = await scene(t);
  const said: (string | number)[] = [];
  const over = new AbortController();
  const shown = {
    onStart: (programs: readonly LocalProgram[]) => void said.push(programs.map(({ path }) => path).join()),
    onProgress: (_: LocalProgram, thereBytes: number) => void said.push(thereBytes),
  };
  const first = { ...shown, onProgress: () => over.abort(new Error('over')), signal: over.signal };
  await t.throwsAsync(sendPrograms(cutAfter(host, 100_000), [program], first));
  t.deepEqual(said, [program.path]);
  said.length = 0;
  await sendPrograms(host, [program], { ...shown, signal });
  t.is(said[0], program.path);
  t.true(Number(said[1]) > 100_000, `${said[1]}`);
  t.is(said.at(-1), program.sizeBytes);
  said.length = 0;
  await sendPrograms(host, [program], { ...shown, signal });
  t.deepEqual(said, []);
});
