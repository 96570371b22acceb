/**
 * Keeps in a file what V8 compiles while a program runs a few commands: `compile-ahead.js PROGRAM FILE`, with the places of
 * the program's chunks as JSON on stdin.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Script } from 'node:vm';
import { type CompiledIndex, chunkText, compile, LENGTH_DIGITS, type Place } from './compiled-file.js';
import { type Chunk, runChunks } from './load-program.js';

const [node = '', , program = '', file = ''] = process.argv;
const { main, places } = JSON.parse(readFileSync(0, 'utf8')) as Pick<CompiledIndex, 'main' | 'places'>;
const bytes = readFileSync(program);

/** What most commands need; nothing answers there. Soon over, since V8 drops what it compiled and has not run for a while. */
const NOWHERE = ['--timeout', '300ms', '--json'];
const SSH = ['--ssh-url', 'root@127.0.0.1:1', '--ssh-config', 'none'];
const commands: readonly (readonly string[])[] = [
  ['env', '--help'],
  ['str', 'get', 'key', '--seeds', 'http://127.0.0.1:1', ...NOWHERE],
  ['str', 'get', 'key', ...SSH, ...NOWHERE],
  ['status', ...SSH, ...NOWHERE],
  ['exec', '--ssh-config', 'none', '--timeout', '300ms', '--json', 'root@127.0.0.1:1', '-c', 'true'],
  ['--help'],
];

/** The commands that have loaded a chunk, as bits. */
const users = new Map<string, number>();
const chunks = new Map<string, Chunk>();
const packs: { readonly names: readonly string[]; readonly text: string; readonly script: Script }[] = [];

function textOf(name: string): string {
  const [offset, length] = places[name] ?? [0, 0];
  return chunkText(bytes.subarray(offset, offset + length));
}

function findNoting(bit: number): (name: string) => Chunk | undefined {
  return (name) => {
    if (places[name] === undefined) return undefined;
    users.set(name, (users.get(name) ?? 0) | bit);
    const chunk = chunks.get(name) ?? (compile(textOf(name), name).runInThisContext() as Chunk);
    chunks.set(name, chunk);
    return chunk;
  };
}

/** From now on, chunks come from packs. */
function makePacks(): void {
  chunks.clear();
  for (const bits of new Set(users.values())) {
    const names = Object.keys(places).filter((name) => users.get(name) === bits);
    const text = `({${names.map((name) => `${JSON.stringify(name)}:${textOf(name)}`).join(',\n')}})`;
    const script = compile(text, `pack ${packs.length}`);
    for (const [name, chunk] of Object.entries(script.runInThisContext() as Record<string, Chunk>))
      chunks.set(name, chunk);
    packs.push({ names, text, script });
  }
}

function writeCompiled(): void {
  const parts: Buffer[] = [];
  let length = 0;
  const place = (part: Buffer): Place => {
    parts.push(part);
    length += part.length;
    return [length - part.length, part.length];
  };
  const placed = packs.map(
    ({ text, script }) => [place(Buffer.from(text)), place(script.createCachedData())] as const,
  );
  const index: CompiledIndex = {
    main,
    packs: placed,
    length,
    packOf: Object.fromEntries(packs.flatMap(({ names }, number) => names.map((name) => [name, number]))),
    places,
  };
  const head = Buffer.from(JSON.stringify(index));
  const digits = head.length.toString(16).padStart(LENGTH_DIGITS, '0');
  writeFileSync(file, Buffer.concat([Buffer.from(digits), head, ...parts]));
}

// The program leaves the process to end on its own, so each command is over when nothing is left to do.
const runs = [
  ...commands.map((command, index) => ({ command, find: findNoting(1 << index), after: () => undefined })),
  ...commands.map((command) => ({ command, find: (name: string) => chunks.get(name) })),
];
let begun = 0;
process.on('beforeExit', () => {
  if (begun === commands.length) makePacks();
  const run = runs[begun];
  begun += 1;
  if (run === undefined) {
    writeCompiled();
    process.exit(0);
  }
  process.argv = [node, 'hawser', ...run.command];
  runChunks(main, program, run.find, createRequire(program));
});
