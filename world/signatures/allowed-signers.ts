import { readNamedKey } from '../../base/key-formats/parse-public-key.js';
import { matchesPatternList } from '../../base/match-wildcards.js';

/** A line of an allowed_signers file (ssh-keygen(1), ALLOWED SIGNERS). */
export interface AllowedSigner {
  /** A list of patterns. */
  readonly principals: string;
  /** As SSH sends it. */
  readonly key: Buffer;
  /** A list of patterns; undefined for any. */
  readonly namespaces: string | undefined;
  /** In milliseconds since the epoch. */
  readonly validAfter: number | undefined;
  readonly validBefore: number | undefined;
}

/** What is wrong in an allowed_signers file. */
class AllowedSignersError extends Error {
  override readonly name = 'AllowedSignersError';
}

const OPTIONS: readonly string[] = ['namespaces', 'valid-after', 'valid-before'];

/** For an entry that hawser cannot check, which must not pass for one that allows nothing. */
const UNSUPPORTED = 'certificate authorities are not supported: name the keys themselves';

/**
 * Reads an allowed_signers file. It decides who may deploy, so a line that is not understood is an error.
 *
 * @throws AllowedSignersError naming the line
 */
export function parseAllowedSigners(text: string): AllowedSigner[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    try {
      return [parseLine(trimmed)];
    } catch (error) {
      throw new AllowedSignersError(`line ${index + 1}: ${(error as Error).message}`);
    }
  });
}

/**
 * The principals of the key, if it may sign for `namespace` at `now`; undefined if not. What is listed is the pattern list of the
 * file, such as `ann@example.org`.
 */
export function findSigner(
  signers: readonly AllowedSigner[],
  { key, namespace, now }: { readonly key: Buffer; readonly namespace: string; readonly now: Date },
): string | undefined {
  const time = now.getTime();
  return signers.find(
    (signer) =>
      signer.key.equals(key) &&
      (signer.namespaces === undefined || matchesPatternList(signer.namespaces, namespace)) &&
      (signer.validAfter === undefined || time >= signer.validAfter) &&
      (signer.validBefore === undefined || time < signer.validBefore),
  )?.principals;
}

/** `principals [options] type key [comment]` */
function parseLine(line: string): AllowedSigner {
  const [, principals = '', rest = ''] = /^("[^"]*"|\S+)\s+(.*)$/s.exec(line) ?? [];
  const plain = parseKey(rest);
  const [, optionsText = '', afterOptions = ''] = plain === undefined ? splitOptions(rest) : ['', '', rest];
  const key = plain ?? parseKey(afterOptions);
  if (principals === '' || key === undefined)
    throw new Error('expected principals, options, and a public key');
  return { principals: principals.replace(/^"(.*)"$/, '$1'), key, ...parseOptions(optionsText) };
}

function parseKey(text: string): Buffer | undefined {
  const [type = '', base64 = ''] = text.split(/\s+/);
  const key = readNamedKey(type, base64);
  return key === undefined || key.isCertificate ? undefined : key.key;
}

/** Options end at the first space that is not in quotes. */
function splitOptions(text: string): [string, string, string] {
  const [whole = '', options = '', rest = ''] = /^((?:"[^"]*"|[^\s"])+)\s+(.*)$/s.exec(text) ?? [];
  return [whole, options, rest];
}

function parseOptions(text: string): Omit<AllowedSigner, 'principals' | 'key'> {
  const options = new Map<string, string | undefined>();
  for (const option of text.match(/(?:"[^"]*"|[^",])+/g) ?? []) {
    const [, given = '', quoted, bare] = /^([^=]+)(?:="([^"]*)"|=(.*))?$/.exec(option) ?? [];
    const name = given.toLowerCase();
    if (name === 'cert-authority') throw new Error(UNSUPPORTED);
    if (!OPTIONS.includes(name)) throw new Error(`unknown option ${given}`);
    if (options.has(name)) throw new Error(`${name} is given twice`);
    options.set(name, quoted ?? bare);
  }
  const timeOf = (name: string) => (options.has(name) ? parseTime(options.get(name) ?? '') : undefined);
  const [validAfter, validBefore] = [timeOf('valid-after'), timeOf('valid-before')];
  if (validAfter !== undefined && validBefore !== undefined && validAfter >= validBefore)
    throw new Error('valid-after is not before valid-before');
  if (options.has('namespaces') && options.get('namespaces') === undefined)
    throw new Error('namespaces has no value');
  return { namespaces: options.get('namespaces'), validAfter, validBefore };
}

/** `YYYYMMDD[HHMM[SS]][Z]`: UTC with Z, else in the time zone of this machine, as ssh-keygen has it. */
function parseTime(text: string): number {
  const fields = /^([0-9]{4})([0-9]{2})([0-9]{2})(?:([0-9]{2})([0-9]{2})([0-9]{2})?)?(Z)?$/.exec(text);
  if (fields === null) throw new Error(`${text} is no time such as 20260131 or 202601312359Z`);
  const [, year, month, day, hour = '00', minute = '00', second = '00', zone = ''] = fields;
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
  // A day that its month does not have would be one of the next month.
  if (Number.isNaN(time.getTime()) || (zone === '' ? time.getDate() : time.getUTCDate()) !== Number(day))
    throw new Error(`${text} is no time`);
  return time.getTime();
}
