import { z } from 'zod';
import { type CommandOutput, FOREIGN } from './command-output.js';
import { commandOutputs } from './command-outputs.js';
import { errorOutput } from './error-output.js';

/** A file of the package, below `schemas/`. */
export interface SchemaFile {
  readonly file: string;
  readonly content: unknown;
}

/** The schema of each command's output with `--json`, of errors, and a list of them. Only the build makes them. */
export function makeJsonSchemas(): SchemaFile[] {
  const commands = Object.entries(commandOutputs).flatMap(([command, output]) =>
    output === FOREIGN ? [] : [{ command, output, file: fileOf(command) }],
  );
  const index = commands.map(({ command, output: { prints }, file }) => ({ command, prints, schema: file }));
  return [
    ...commands.map(({ command, output, file }) => ({ file, content: schemaOf(command, output, file) })),
    {
      file: 'error.json',
      content: toFile('error.json', 'What hawser prints on stderr with --json when it fails', errorOutput),
    },
    { file: 'index.json', content: { commands: index.sort(byCommand) } },
  ];
}

function fileOf(command: string): string {
  return `${command.replaceAll(' ', '-')}.json`;
}

function schemaOf(command: string, { schema, prints }: CommandOutput, file: string): unknown {
  const what = prints === 'lines' ? 'Each line of' : 'What is printed by';
  return toFile(file, `${what} hawser ${command} --json`, schema);
}

function toFile(file: string, title: string, schema: z.ZodType): unknown {
  // What a command reads back is open: later versions of hawser may tell more.
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', override: simplify });
  return { $schema, $id: `schemas/${file}`, title, ...rest };
}

/** Every integer in JSON is one that JavaScript can hold, and a format says enough. */
function simplify({ jsonSchema }: { readonly jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
}

function byCommand(a: { readonly command: string }, b: { readonly command: string }): number {
  return a.command < b.command ? -1 : 1;
}
