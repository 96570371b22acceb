import { z } from 'zod';
import { readWithoutBlocking } from '../../tunnel/files/read-without-blocking.js';
import { CliError } from '../errors.js';
import { explainFileError } from '../system/explain-file-error.js';
import { readValueOrStdin } from './read-value-or-stdin.js';

/** A resource in a list from a file. */
export interface ListedResource {
  readonly kind: string;
  readonly name: string;
  /** For this host; without it for every host. */
  readonly host?: string;
  /** Needed to export it. */
  readonly data?: string;
}

/** Far more than etcd holds in one request. */
const MAX_BYTES = 64 * 1024 * 1024;

const RESOURCE = z.strictObject({
  kind: z.string(),
  name: z.string(),
  host: z.string().optional(),
  data: z.string().optional(),
});
const EXPECTED = 'a JSON list of {"kind", "name", "host" (optional), "data"}, all of them strings';

/** Reads a list of resources from a JSON file, `-` for standard input. @throws CliError `usage` naming what is wrong. */
export async function readResourceList(file: string): Promise<ListedResource[]> {
  const text = file === '-' ? await readValueOrStdin(file) : await readText(file);
  return parseResourceList(text, file === '-' ? 'Standard input' : file);
}

/** @param source begins the sentence of an error. @throws CliError `usage` */
export function parseResourceList(text: string, source: string): ListedResource[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new CliError('usage', `${source} is not valid JSON: expected ${EXPECTED}.`, { cause: error });
  }
  if (!Array.isArray(json)) throw new CliError('usage', `${source} is not a list: expected ${EXPECTED}.`);
  return json.map((item, index) => {
    const { data, error } = RESOURCE.safeParse(item);
    if (data !== undefined) return withoutUndefined(data);
    const [first] = error.issues;
    const field = first === undefined || first.path.length === 0 ? '' : `, ${first.path.join('.')}`;
    throw new CliError(
      'usage',
      `${source}, entry ${index + 1}${field}: ${first?.message ?? 'invalid'}; expected ${EXPECTED}.`,
    );
  });
}

function withoutUndefined({ kind, name, host, data }: z.infer<typeof RESOURCE>): ListedResource {
  return { kind, name, ...(host === undefined ? {} : { host }), ...(data === undefined ? {} : { data }) };
}

async function readText(file: string): Promise<string> {
  try {
    return (await readWithoutBlocking(file, { maxBytes: MAX_BYTES, mayBePipe: true })).content.toString(
      'utf8',
    );
  } catch (error) {
    throw new CliError('usage', `Cannot read ${file}: ${explainFileError(error)}.`, { cause: error });
  }
}
