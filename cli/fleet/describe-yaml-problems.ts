import type { z } from 'zod';
import { suggestion } from '../input/nearest-word.js';

type Issue = z.core.$ZodIssue;

/** One readable line for each thing that is wrong in `value`, naming the key's path. */
export function describeYamlProblems(
  error: z.ZodError,
  value: unknown,
  knownKeys: readonly string[],
): string[] {
  return error.issues.flatMap((issue) => describe(issue, value, knownKeys));
}

function describe(issue: Issue, value: unknown, knownKeys: readonly string[]): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(
      (key) => `${pathOf([...issue.path, key])}: unknown key${suggestion(key, knownKeys)}`,
    );
  }
  const given = at(value, issue.path);
  const path = pathOf(issue.path);
  return [
    `${path === '' ? '' : `${path}: `}${issue.message}${given === undefined ? '' : `, got ${show(given)}`}`,
  ];
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.map(String).join('.');
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
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
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
