import type { z } from 'zod';
import { withoutPassword } from '../../tunnel/parse-destination.js';
import { suggestion } from '../input/nearest-word.js';
import type { YamlPath, YamlPlace } from './yaml-document.js';

type Issue = z.core.$ZodIssue;

/** The keys that there can be at a place, for the one that was probably meant. */
type KnownKeys = readonly string[] | ((path: YamlPath) => readonly string[]);

/**
 * One readable text for each thing that is wrong in `value`, naming the key's path.
 * @param placeOf where a path stands in the file; without it no places are named
 */
export function describeYamlProblems(
  error: z.ZodError,
  value: unknown,
  knownKeys: KnownKeys,
  placeOf: (path: YamlPath) => YamlPlace | undefined = () => undefined,
): string[] {
  return error.issues.flatMap((issue) =>
    describe(issue, value, knownKeys).map(({ path, text }) => {
      const place = placeOf(path);
      return place === undefined ? text : `line ${place.line}, column ${place.column}: ${text}`;
    }),
  );
}

interface Problem {
  readonly path: YamlPath;
  readonly text: string;
}

function describe(issue: Issue, value: unknown, knownKeys: KnownKeys): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    const known = typeof knownKeys === 'function' ? knownKeys(issue.path) : knownKeys;
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return { path, text: `${pathOf(path)}: unknown key${suggestion(key, known)}` };
    });
  }
  const { path } = issue;
  const given = at(value, path);
  const where = path.length === 0 ? '' : `${pathOf(path)}: `;
  // The value itself may stand there by mistake.
  const isSecret = path[0] === 'secrets';
  const what = given === undefined || isSecret ? '' : `, got ${show(given)}`;
  return [{ path, text: `${where}${issue.message}${what}` }];
}

function pathOf(path: YamlPath): string {
  return path.map(String).join('.');
}

function at(value: unknown, path: YamlPath): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = Reflect.get(found, key);
  }
  return found;
}

function show(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (value === null) return 'nothing';
  if (typeof value === 'object') return 'a mapping';
  const text = JSON.stringify(typeof value === 'string' ? withoutPassword(value) : value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
