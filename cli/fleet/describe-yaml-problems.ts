import type { z } from 'zod';

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

function suggestion(key: string, knownKeys: readonly string[]): string {
  const [nearest] = knownKeys
    .map((known) => ({ known, distance: editDistance(key.toLowerCase(), known) }))
    .sort((a, b) => a.distance - b.distance);
  return nearest !== undefined && nearest.distance <= 2 ? ` (did you mean "${nearest.known}"?)` : '';
}

function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...to].entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
