import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020, type AnySchemaObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { projectFolder } from '../../../fixtures/fleet/project-paths.js';

// Whenever a test runs a command with `--json`, what that prints is checked against the schema that the package has for it. The
// package leaves objects open for what later versions tell; here, nothing may be printed that is not described.

const folder = path.join(projectFolder, 'dist', 'schemas');
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false });
const known = new Map<string, ValidateFunction | undefined>();

/** What a command was called with, and printed. */
export interface Printed {
  readonly args: readonly string[];
  readonly stdout: string;
  readonly stderr?: string;
}

/** @throws TypeError for a line that the schema of the command does not describe. Without `--json` anything is right */
export function checkJsonOutput({ args, stdout, stderr = '' }: Printed): void {
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  if (!own.includes('--json') || own.includes('--help') || own.includes('-h')) return;
  for (const line of wholeLines(stderr)) if (line.startsWith('{"error"')) check('error', line);
  const schema = schemaOf(own);
  // Of `deploys lock APP -- COMMAND` stdout is the command's, and `fs get FILE -` prints the file.
  if (schema === undefined || (schema === 'deploys-lock' && own !== args) || own.includes('-')) return;
  for (const line of wholeLines(stdout)) check(schema, line);
}

/** Whether the package describes what a command prints. @param name such as `deploys-list` */
export function isDescribed(name: string): boolean {
  return validatorOf(name) !== undefined;
}

/** The command that is called, as the name of its schema; undefined for one that has none. */
function schemaOf([first = '', second = '']: readonly string[]): string | undefined {
  return [`${first}-${second}`, first].find((name) => /^[a-z-]+$/.test(name) && isDescribed(name));
}

/** One that was killed may not have come to the end of its last line. */
function wholeLines(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

function check(name: string, line: string): void {
  const validate = validatorOf(name);
  const value = parse(line);
  if (validate === undefined || (value !== undefined && validate(value))) return;
  const problems = ajv.errorsText(validate.errors, { dataVar: 'it', separator: '\n' });
  throw new TypeError(`schemas/${name}.json does not describe what was printed:\n${problems}\n${line}`);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // told with the line itself
  }
}

function validatorOf(name: string): ValidateFunction | undefined {
  if (!known.has(name)) {
    const file = path.join(folder, `${name}.json`);
    known.set(
      name,
      existsSync(file) ? ajv.compile(closed(JSON.parse(readFileSync(file, 'utf8')))) : undefined,
    );
  }
  return known.get(name);
}

/** The schema, with no properties but those that it describes. */
function closed(schema: AnySchemaObject): AnySchemaObject {
  const parts = Object.entries(schema).map(([key, part]) => [key, closedPart(part)]);
  const isOpen = 'properties' in schema && !('additionalProperties' in schema);
  return { ...Object.fromEntries(parts), ...(isOpen ? { additionalProperties: false } : {}) };
}

function closedPart(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(closedPart);
  return typeof part === 'object' && part !== null ? closed(part) : part;
}
