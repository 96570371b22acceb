import { readInteger } from './read-numbers.js';
import type { PortOf } from './read-services.js';

interface Field {
  readonly text: string;
  readonly isPath: boolean;
}

/** The longest path of a socket, and the longest name of a host. */
const MAX_PATH = 107;
const MAX_NAME = 1_024;

/** Which of the three kinds of forwards in ssh_config. */
export interface ForwardKind {
  readonly isDynamic: boolean;
  readonly isRemote: boolean;
}

/** A port by number, including 0, or by service; undefined for neither. */
export function readPort(text: string, portOf: PortOf): number | undefined {
  return readInteger(text, 65_535) ?? portOf(text);
}

/** Whether OpenSSH accepts `[address:]port[:host:port]`, or socket paths instead, as a forward. */
export function isForward(spec: string, { isDynamic, isRemote }: ForwardKind, portOf: PortOf): boolean {
  const fields = splitFields(spec.trimStart());
  if (fields === undefined) return false;
  const ends = endsOf(fields);
  if (ends === undefined || !(isDynamic ? fields.length <= 2 : isWhole(fields, ends))) return false;
  const [listen, target] = [ends.listen, ends.target].map((end) => end && describe(end, portOf));
  if (listen === undefined || !listen.isValid || (!isRemote && listen.port === 0)) return false;
  return isDynamic || (target?.isValid === true && target.port !== 0);
}

interface End {
  readonly host?: Field | undefined;
  readonly port?: Field | undefined;
  readonly path?: Field | undefined;
}

/** Which fields say where to listen, and which where to connect to. */
function endsOf(fields: readonly Field[]): { readonly listen: End; readonly target?: End } | undefined {
  const [a, b, c, d] = fields;
  if (a === undefined || fields.length > 4) return undefined;
  const own = (field: Field): End => (field.isPath ? { path: field } : { port: field });
  if (b === undefined) return { listen: own(a) };
  if (c === undefined) {
    return b.isPath ? { listen: own(a), target: { path: b } } : { listen: { host: a, port: b } };
  }
  if (d !== undefined) return { listen: { host: a, port: b }, target: { host: c, port: d } };
  if (a.isPath) return { listen: { path: a }, target: { host: b, port: c } };
  if (c.isPath) return { listen: { host: a, port: b }, target: { path: c } };
  return { listen: { port: a }, target: { host: b, port: c } };
}

function isWhole(fields: readonly Field[], { listen, target }: { listen: End; target?: End }): boolean {
  return (
    target !== undefined && (fields.length > 2 || listen.path !== undefined || target.path !== undefined)
  );
}

function describe(
  { host, port, path }: End,
  portOf: PortOf,
): { isValid: boolean; port?: number | undefined } {
  if (path !== undefined) return { isValid: path.text.length <= MAX_PATH };
  const number = readPort(port?.text ?? '', portOf);
  const isValid = number !== undefined && (host?.text.length ?? 0) < MAX_NAME;
  return { isValid, port: number };
}

/** Colon-separated fields; brackets and backslashes protect colons. */
function splitFields(spec: string): Field[] | undefined {
  const fields: Field[] = [];
  let left = spec;
  while (left !== '') {
    const bracketed = /^\[([^\]]*)\](?::|$)/s.exec(left);
    if (bracketed === null && left.startsWith('[')) return undefined;
    const plain = /^((?:\\.|[^:\\])*)(?::|$)/s.exec(left);
    const [whole, text] = bracketed ?? plain ?? [];
    if (whole === undefined || text === undefined) return undefined;
    fields.push({ text: bracketed ? text : text.replace(/\\(.)/gs, '$1'), isPath: text.includes('/') });
    left = left.slice(whole.length);
  }
  return fields.length === 0 ? undefined : fields;
}
