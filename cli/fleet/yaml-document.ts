import {
  Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import { CliError } from '../errors.js';

// The only file that knows the yaml package.

/** What stands below these keys is text, also where it looks like a number: 0123 is not 123 there. */
const KEYS_OF_TEXTS: readonly string[] = ['env', 'run', 'exec', 'labels', 'hooks'];

/** A place in a YAML document: keys of mappings and indexes of lists. */
export type YamlPath = readonly PropertyKey[];

/** Where something stands in a file; both count from 1. */
export interface YamlPlace {
  readonly line: number;
  readonly column: number;
}

/** A parsed YAML file. */
export interface YamlText {
  /** As data; null for an empty file. */
  readonly value: unknown;
  /** Where a key or an item stands; for one that is not there, where the nearest mapping around it stands. */
  readonly placeOf: (path: YamlPath) => YamlPlace | undefined;
}

/** Parses YAML as data. @throws CliError `usage` naming the file when it is not YAML. */
export function readYamlText(file: string, content: Buffer | string): YamlText {
  const lines = new LineCounter();
  try {
    const document = parse(content.toString(), lines);
    keepTexts(document);
    const value: unknown = document.toJS();
    return { value, placeOf: (path) => placeOf(document, lines, path) };
  } catch (error) {
    // Not only syntax errors, but also too many aliases and too deep nesting.
    const [first] = (error as Error).message.split('\n');
    throw new CliError('usage', `${file} is not YAML: ${first?.replace(/[:.]$/, '')}.`, { cause: error });
  }
}

/** What a key is to be; undefined to take it out. */
export interface YamlChange {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Changes keys of a YAML text and leaves everything else, comments too, unless it has aliases. A key that is what it should be stays as it is. */
export function changeYaml(text: string, changes: readonly YamlChange[]): string {
  const document = withoutAliases(parse(text, new LineCounter()));
  // A null that stands there would take no keys.
  if (!isMap(document.contents)) document.contents = null;
  for (const { path, value } of changes) {
    const before = valueAt(document.toJS(), path);
    if (isSame(before, value)) continue;
    if (value === undefined) document.deleteIn(path);
    else document.setIn(path, document.createNode(value));
  }
  // Keys and certificates in one line each, as they were given.
  return document.toString({ lineWidth: 0 });
}

function keepTexts(document: Document): void {
  visit(document, {
    Pair: (_, pair) => {
      if (!isScalar(pair.key) || !KEYS_OF_TEXTS.includes(String(pair.key.value))) return;
      visit(pair.value as Node | null, {
        Scalar: (key, scalar) => {
          if (key !== 'key' && typeof scalar.value === 'number' && scalar.source !== undefined)
            scalar.value = scalar.source;
        },
      });
    },
  });
}

/** What is changed at one place must not change at another; this is the one case in which comments are lost. */
function withoutAliases(document: Document): Document {
  let hasAlias = false;
  visit(document, {
    Alias: () => {
      hasAlias = true;
      return visit.BREAK;
    },
  });
  return hasAlias ? new Document(document.toJS(), { aliasDuplicateObjects: false }) : document;
}

function parse(text: string, lineCounter: LineCounter): Document {
  // Warnings would go to the terminal unescaped, quoting the file.
  const document = parseDocument(text, { logLevel: 'error', lineCounter });
  const [error] = document.errors;
  if (error !== undefined) throw error;
  return document;
}

function placeOf(document: Document, lines: LineCounter, path: YamlPath): YamlPlace | undefined {
  let node: unknown = document.contents;
  let found: unknown = node;
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document);
    const next = childOf(node, key);
    if (next === undefined) break;
    ({ at: found, value: node } = next);
  }
  const start = (found as Node | null)?.range?.[0];
  if (start === undefined) return undefined;
  const { line, col: column } = lines.linePos(start);
  return { line, column };
}

/** Where a child stands, which of a mapping is at its key, and what it is. */
function childOf(
  node: unknown,
  key: PropertyKey,
): { readonly at: unknown; readonly value: unknown } | undefined {
  if (isSeq(node)) {
    const value = node.items[Number(key)];
    return value === undefined ? undefined : { at: value, value };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find((one) => isScalar(one.key) && String(one.key.value) === String(key));
  return pair && { at: pair.key, value: pair.value };
}

function valueAt(value: unknown, path: YamlPath): unknown {
  return path.reduce<unknown>((found, key) => {
    return typeof found === 'object' && found !== null ? Reflect.get(found, key) : undefined;
  }, value);
}

/** A number or a boolean is the same as its text, which may stand in its place. */
function isSame(one: unknown, other: unknown): boolean {
  const asText = (_: string, value: unknown) =>
    typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  return JSON.stringify(one, asText) === JSON.stringify(other, asText);
}
