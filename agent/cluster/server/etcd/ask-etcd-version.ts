import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { AgentError } from '../../../errors.js';

/** 3.4 introduced learners; without them, a server that never starts takes the quorum away. */
const OLDEST_ETCD = '3.4.0';

const TIMEOUT_MS = 10_000;

/** By program and modification time, because servers restart more often than the program is replaced. */
const known = new Map<string, string>();

/**
 * Asks an etcd program for its version, once per version of the file.
 *
 * @throws AgentError `etcd-too-old`; `no-etcd` if it cannot be run or is not etcd.
 */
export async function askEtcdVersion(program: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const { mtimeMs, size } = await stat(program).catch((error: unknown) => {
    throw new AgentError('no-etcd', `Cannot run ${program}: ${(error as Error).message}.`, { cause: error });
  });
  const key = `${program}\0${mtimeMs}\0${size}`;
  const version = known.get(key) ?? (await askVersion(program, environment));
  if (isOlder(version, OLDEST_ETCD)) {
    throw new AgentError(
      'etcd-too-old',
      `${program} is etcd ${version}, but hawser needs ${OLDEST_ETCD} or newer: install a newer one, or set HAWSER_ETCD to one.`,
    );
  }
  known.set(key, version);
  return version;
}

/** The version in what `etcd --version` prints. */
function parseEtcdVersion(printed: string): string | undefined {
  return /^etcd Version: (\d+\.\d+\.\d+\S*)/m.exec(printed)?.[1];
}

/** Whether one version is older than another; only the first three numbers count. */
export function isOlder(version: string, than: string): boolean {
  return numbers(version).localeCompare(numbers(than), undefined, { numeric: true }) < 0;
}

function numbers(version: string): string {
  return /^\d+\.\d+\.\d+/.exec(version)?.[0] ?? '0.0.0';
}

async function askVersion(program: string, environment: NodeJS.ProcessEnv): Promise<string> {
  let printed: string;
  try {
    ({ stdout: printed } = await promisify(execFile)(program, ['--version'], {
      env: environment,
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    }));
  } catch (error) {
    throw new AgentError('no-etcd', `${program} --version failed: ${failure(error)}.`, { cause: error });
  }
  const version = parseEtcdVersion(printed);
  if (version !== undefined) return version;
  throw new AgentError('no-etcd', `${program} is not etcd: --version printed no version.`);
}

function failure(error: unknown): string {
  const { code, killed, stderr, message } = error as NodeJS.ErrnoException & {
    readonly killed?: boolean;
    readonly stderr?: string;
  };
  if (killed === true) return `no answer within ${TIMEOUT_MS / 1000} s`;
  if (typeof code !== 'number') return message;
  const [said = ''] = (stderr ?? '').trim().split('\n').slice(-1);
  return `exit code ${code}${said === '' ? '' : `, ${said}`}`;
}
