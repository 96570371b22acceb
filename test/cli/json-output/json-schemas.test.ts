import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import test from 'ava';
import type { Command } from 'commander';
import { Interrupts } from '../../../cli/interrupts.js';
import { FOREIGN } from '../../../cli/json-output/command-output.js';
import { commandOutputs } from '../../../cli/json-output/command-outputs.js';
import { program } from '../../../cli/program.js';
import { projectFolder } from '../../../fixtures/fleet/project-paths.js';
import { checkJsonOutput, isDescribed } from '../helpers/check-json-output.js';

const folder = path.join(projectFolder, 'dist', 'schemas');

/** The words of each command that does something. */
function commandsBelow(command: Command, above: readonly string[] = []): string[] {
  return command.commands.flatMap((child) => {
    const words = [...above, child.name()];
    const does = child.commands.length === 0 || Object.hasOwn(commandOutputs, words.join(' '));
    return [...(does ? [words.join(' ')] : []), ...commandsBelow(child, words)];
  });
}

test('what each command prints with --json is described, in a file of its own', async (t) => {
  using interrupts = new Interrupts();
  const root = await program({ version: '0', interrupts, exitCode: 0 });
  const commands = commandsBelow(root).filter((name) => name !== 'help');
  t.deepEqual(Object.keys(commandOutputs).sort(), commands.sort());
  const described = commands.filter((name) => commandOutputs[name] !== FOREIGN);
  const files = [...described.map((name) => `${name.replaceAll(' ', '-')}.json`), 'error.json', 'index.json'];
  t.deepEqual(readdirSync(folder).sort(), files.sort());
  const { commands: listed } = JSON.parse(readFileSync(path.join(folder, 'index.json'), 'utf8'));
  t.deepEqual(
    listed.map(({ command }: { command: string }) => command),
    described.sort(),
  );
});

test('each schema can be used as it is, and leaves room for what later versions tell', (t) => {
  for (const file of readdirSync(folder).filter((name) => name !== 'index.json')) {
    t.true(isDescribed(path.basename(file, '.json')), file);
    const text = readFileSync(path.join(folder, file), 'utf8');
    const schema = JSON.parse(text);
    t.is(schema.$id, `schemas/${file}`);
    t.is(schema.$schema, 'https://json-schema.org/draft/2020-12/schema');
    t.notRegex(text, /"additionalProperties": false/, file);
    t.notRegex(text, /9007199254740991/, file);
  }
});

test('programs get them by the name of the package', (t) => {
  const { resolve } = createRequire(import.meta.url);
  for (const name of ['schemas/status.json', 'schemas/error.json', 'fleet.schema.json', 'hawser.schema.json'])
    t.is(resolve(`hawser/${name}`), path.join(projectFolder, 'dist', name));
});

test('the schema of fleet files takes what init writes, and not what nobody knows', (t) => {
  const ajv = new Ajv2020({ strictTypes: false, validateFormats: false });
  const takes = ajv.compile(
    JSON.parse(readFileSync(path.join(projectFolder, 'dist', 'fleet.schema.json'), 'utf8')),
  );
  const hosts = { web1: { ssh: 'root@web1.example.org', labels: { role: 'web' } } };
  t.true(takes({ name: 'prod', 'cluster-size': 3, hosts }), ajv.errorsText(takes.errors));
  t.false(takes({ name: 'prod', hosts: { web1: { shh: 'root@web1' } } }));
});

const WRONG: readonly (readonly [what: string, args: readonly string[], stdout: string, said: RegExp])[] = [
  [
    'a field that is not described',
    ['str', 'get', 'x', '--json'],
    '{"key":"x","value":"y","z":1}\n',
    /additional/,
  ],
  ['a field that is missing', ['str', 'get', 'x', '--json'], '{"key":"x"}\n', /required property 'value'/],
  ['what is no JSON', ['str', 'get', 'x', '--json'], 'x\n', /does not describe/],
  ['a line of several', ['events', '--json'], '{"revision":1}\n', /does not describe/],
];

for (const [what, args, stdout, said] of WRONG)
  test(`${what} makes the test fail that ran the command`, (t) => {
    t.throws(() => checkJsonOutput({ args, stdout }), { instanceOf: TypeError, message: said });
    t.notThrows(() => checkJsonOutput({ args: args.filter((arg) => arg !== '--json'), stdout }));
  });

test('an error is described, too', (t) => {
  const args = ['status', '--json'];
  const stderr = '{"error":{"code":"usage","message":"Wrong.","why":1}}\n';
  t.throws(() => checkJsonOutput({ args, stdout: '', stderr }), { message: /error\.json/ });
  t.notThrows(() => checkJsonOutput({ args, stdout: '', stderr: stderr.replace(',"why":1', '') }));
});
