import { statSync } from 'node:fs';
import path from 'node:path';
import { findProgram } from './find-program.js';

const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin';

/**
 * Run by `sh` in the child, after the kernel was told to kill it with its parent: checks that the parent, which may
 * have been killed just before, still exists. Then joins the cgroup, before the program can start others.
 */
const CHECK_PARENT_SCRIPT = `[ "$PPID" = "$1" ] || exit 125
{ [ -z "$2" ] || echo $$ >"$2"; } 2>/dev/null
[ -z "$3" ] || umask "$3"
shift 3
exec "$@"`;

/** The same without the parent check: where util-linux is not installed. */
const CGROUP_SCRIPT = CHECK_PARENT_SCRIPT.slice(CHECK_PARENT_SCRIPT.indexOf('{'));

export interface CommandOptions {
  readonly argv: readonly [string, ...string[]];
  /** The directory against which a program name with a slash is resolved. */
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
  /** The `cgroup.procs` that the child writes itself into first. */
  readonly procsFile: string | undefined;
  /** In octal, for this child alone. Default: this process's. */
  readonly umask?: string | undefined;
}

/**
 * Wraps a command so that the kernel kills it when this process dies (`setpriv --pdeathsig`, if util-linux is
 * installed), even while it is being started.
 *
 * @throws the errno error ENOENT or EACCES if the program does not exist or is not executable
 */
export function dieWithParent(options: CommandOptions): [string, ...string[]] {
  const { argv, cwd, environment, procsFile, umask } = options;
  const [name, ...args] = argv;
  const searchPath = environment['PATH'];
  const program = findProgram(name, searchPath, cwd);
  // Resolved here so that a missing program is an error and not a line from a shell in a log.
  if (program === undefined) throw noProgram(name, cwd);
  const [sh, setpriv] = ['sh', 'setpriv'].map((tool) => findProgram(tool, SYSTEM_PATH));
  if (sh === undefined) return [program, ...args];
  const tail = [String(process.pid), procsFile ?? '', umask ?? '', program, ...args];
  if (setpriv === undefined) return [sh, '-c', CGROUP_SCRIPT, 'sh', ...tail];
  return [setpriv, '--pdeathsig', 'KILL', '--', sh, '-c', CHECK_PARENT_SCRIPT, 'sh', ...tail];
}

function noProgram(name: string, cwd: string): NodeJS.ErrnoException {
  const found = name.includes('/') && statSync(path.resolve(cwd, name), { throwIfNoEntry: false });
  const [code, why] = found ? ['EACCES', 'it cannot be executed'] : ['ENOENT', 'no such program'];
  return Object.assign(new Error(`${name}: ${why} (${code})`), { code, path: name });
}
