import { statSync } from 'node:fs';
import path from 'node:path';
import { findProgram } from './find-program.js';

const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin';

/**
 * Run by `sh` in the child, still as the agent's user: joins the cgroup before anything else can be started, sets the
 * limit of open files and the umask, then goes on with the rest of the command.
 */
const PREPARE_SCRIPT = `{ [ -z "$1" ] || echo $$ >"$1"; } 2>/dev/null
[ -z "$2" ] || umask "$2"
[ -z "$3" ] || ulimit -n "$3" || exit 125
shift 3
exec "$@"`;

/**
 * Run by `sh` after the kernel was told to kill it with its parent: checks that the parent, which may have been killed
 * just before, still exists.
 */
const CHECK_PARENT_SCRIPT = `[ "$PPID" = "$1" ] || exit 125
shift
exec "$@"`;

/** Whom a program runs as. */
export interface ProgramAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface CommandOptions {
  readonly argv: readonly [string, ...string[]];
  /** The directory against which a program name with a slash is resolved. */
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
  /** The `cgroup.procs` that the child writes itself into first. */
  readonly procsFile: string | undefined;
  /** In octal, for this child alone. Default: this process's. */
  readonly umask?: string | undefined;
  /** How many files it may have open. Default: as many as this process. */
  readonly files?: number | undefined;
  /** Default: this process's own user. */
  readonly account?: ProgramAccount | undefined;
}

/**
 * Wraps a command so that the kernel kills it when this process dies (`setpriv --pdeathsig`, if util-linux is
 * installed), even while it is being started.
 *
 * @throws the errno error ENOENT or EACCES if the program does not exist or is not executable; an error where it is to
 * run as another user and util-linux is not installed.
 */
export function dieWithParent(options: CommandOptions): [string, ...string[]] {
  const { argv, cwd, environment, procsFile = '', umask = '', files, account } = options;
  const [name, ...args] = argv;
  const program = findProgram(name, environment['PATH'], cwd);
  // Resolved here so that a missing program is an error and not a line from a shell in a log.
  if (program === undefined) throw noProgram(name, cwd);
  const [sh, setpriv] = ['sh', 'setpriv'].map((tool) => findProgram(tool, SYSTEM_PATH));
  if (account !== undefined && (sh === undefined || setpriv === undefined))
    throw new Error(
      `the program setpriv (of util-linux), which runs it as ${account.name}, is not installed`,
    );
  if (sh === undefined) return [program, ...args];
  const prepared = [
    sh,
    '-c',
    PREPARE_SCRIPT,
    'sh',
    procsFile,
    umask,
    files === undefined ? '' : String(files),
  ];
  if (setpriv === undefined) return [sh, ...prepared.slice(1), program, ...args];
  const bound = [setpriv, '--pdeathsig', 'KILL', ...identityFlags(account), '--'];
  const checked = [sh, '-c', CHECK_PARENT_SCRIPT, 'sh', String(process.pid), program, ...args];
  return [sh, ...prepared.slice(1), ...bound, ...checked];
}

function identityFlags(account: ProgramAccount | undefined): string[] {
  if (account === undefined) return [];
  return ['--reuid', String(account.uid), '--regid', String(account.gid), '--init-groups'];
}

function noProgram(name: string, cwd: string): NodeJS.ErrnoException {
  const found = name.includes('/') && statSync(path.resolve(cwd, name), { throwIfNoEntry: false });
  const [code, why] = found ? ['EACCES', 'it cannot be executed'] : ['ENOENT', 'no such program'];
  return Object.assign(new Error(`${name}: ${why} (${code})`), { code, path: name });
}
