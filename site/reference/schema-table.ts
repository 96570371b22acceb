import { code, escapeText, table } from './markdown.js';

/** As much of JSON Schema as the schemas of our files use. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
}

/** The keys of a file, each by its path from the top. */
export function schemaTable(schema: Schema): string {
  return table(
    ['key', 'takes', 'what it is'],
    rowsOf(schema, '').map(({ path, one }) => [
      code(path),
      escapeText(typeOf(one)),
      escapeText(one.description ?? ''),
    ]),
  );
}

interface Row {
  readonly path: string;
  readonly one: Schema;
}

function rowsOf(schema: Schema, prefix: string): Row[] {
  const named = Object.entries(schema.properties ?? {}).flatMap(([key, one]) =>
    withThoseBelow(one, `${prefix}${key}`),
  );
  const { additionalProperties } = schema;
  const any =
    typeof additionalProperties === 'object' && isMapping(additionalProperties)
      ? withThoseBelow(additionalProperties, `${prefix}NAME`)
      : [];
  const below = (schema.anyOf ?? []).flatMap((one) => rowsOf(one, prefix));
  return [...named, ...any, ...below];
}

function withThoseBelow(one: Schema, path: string): Row[] {
  return [{ path, one }, ...rowsOf(one, `${path}.`)];
}

function isMapping({ type, anyOf }: Schema): boolean {
  return type === 'object' || (anyOf ?? []).some(isMapping);
}

/** What a key takes, in a few words. */
function typeOf(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map(String).join(', ');
  if (schema.const !== undefined) return String(schema.const);
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' or ');
  const types = [schema.type ?? []].flat();
  return types.length === 0 ? 'anything' : types.map((type) => typeName(type, schema)).join(' or ');
}

function typeName(type: string, schema: Schema): string {
  if (type === 'array') return `list of ${schema.items === undefined ? 'anything' : typeOf(schema.items)}`;
  if (type === 'object') return 'mapping';
  if (type === 'string') return 'text';
  if (type === 'boolean') return 'true or false';
  return `${type === 'integer' ? 'whole number' : type}${range(schema)}`;
}

function range({ minimum, maximum }: Schema): string {
  if (minimum === undefined) return '';
  return maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER
    ? ` from ${minimum}`
    : ` from ${minimum} to ${maximum}`;
}
