import { type ExecFileException, execFile } from 'node:child_process';
import path from 'node:path';
import { CliError } from '../errors.js';

/** The exit code and output of git. */
export interface GitAnswer {
  readonly code: number;
  readonly stdout: string;
  /** Its error message, on one line. */
  readonly words: string;
}

const MAX_OUTPUT_BYTES = 1 << 28;

/** A repository can block git for ever, with a pipe in place of a file; a large one takes minutes at most. */
const GIT_TIMEOUT_MS = 300_000;

/** Variables that git inherits from us; its own (`GIT_DIR`, as hooks set it) would point it elsewhere. */
const KEPT_VARIABLES = [
  'HOME',
  'XDG_CONFIG_HOME',
  'TMPDIR',
  'DEVELOPER_DIR',
  // git also accepts the user behind sudo as the owner.
  'SUDO_UID',
  // The person's own files, which may name safe.directory.
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_SYSTEM',
  'GIT_CONFIG_NOSYSTEM',
] as const;

const OWN_VARIABLES = {
  LC_ALL: 'C',
  // Nothing is written to the repository, so none of its hooks runs.
  GIT_OPTIONAL_LOCKS: '0',
  // Nothing is fetched, neither for a partial clone nor by a program that the repository names.
  GIT_NO_LAZY_FETCH: '1',
  GIT_ALLOW_PROTOCOL: 'none',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: 'false',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_GRAFT_FILE: '/dev/null',
  GIT_DISCOVERY_ACROSS_FILESYSTEM: '1',
  GIT_PAGER: 'cat',
} as const;

/** What counts instead of the repository's settings: none that runs a program, none that hides a change. */
const SETTINGS = [
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'core.pager=cat',
  'core.sshCommand=false',
  'core.gitProxy=',
  'core.askPass=false',
  'core.alternateRefsCommand=false',
  'core.untrackedCache=false',
  'core.fileMode=true',
  // If true, a new file passes for a committed one whose name differs only in case.
  'core.ignoreCase=false',
  'core.symlinks=true',
  'core.ignoreStat=false',
  'core.checkStat=default',
  'core.trustctime=true',
  'credential.helper=',
  'diff.external=',
  'gpg.program=false',
  'protocol.allow=never',
  'safe.bareRepository=explicit',
  'status.submoduleSummary=false',
];

/** Where and how to run git. */
export interface GitRun {
  readonly folder: string;
  /** The directory that holds the repository: no program in it counts as git. */
  readonly root: string;
  readonly signal: AbortSignal;
  /** How long it may take. */
  readonly timeoutMs?: number;
  /** Further `key=value`. */
  readonly settings?: readonly string[];
}

/**
 * Runs git in a directory that somebody else may have made. Nothing in the repository's configuration can run a program; the
 * person's own configuration still says which directories are safe and which files are ignored.
 *
 * @throws CliError `usage` when there is no git program
 */
export async function runGit(args: readonly string[], run: GitRun): Promise<GitAnswer> {
  const { folder, root, signal, timeoutMs = GIT_TIMEOUT_MS, settings = [] } = run;
  const given = [...SETTINGS, ...settings].flatMap((setting) => ['-c', setting]);
  const options = {
    signal,
    cwd: '/',
    env: gitEnvironment(process.env, root),
    maxBuffer: MAX_OUTPUT_BYTES,
    timeout: timeoutMs,
  };
  return new Promise((resolve, reject) => {
    const child = execFile(
      'git',
      ['--no-pager', ...given, '-C', folder, ...args],
      options,
      (error, stdout, stderr) => {
        const words = stderr.replace(/\s+/g, ' ').trim();
        if (error === null) resolve({ code: 0, stdout, words });
        else if (signal.aborted) reject(signal.reason);
        else if (typeof error.code === 'number') resolve({ code: error.code, stdout, words });
        else reject(cannotRun(error, timeoutMs));
      },
    );
    child.stdin?.end();
  });
}

/** The environment that git is run in. */
function gitEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  root: string,
): Record<string, string> {
  const kept = KEPT_VARIABLES.flatMap((name): [string, string][] => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value]];
  });
  return {
    ...Object.fromEntries(kept),
    ...OWN_VARIABLES,
    PATH: searchPath(environment['PATH'] ?? '', root),
  };
}

/** Without the directories that could hold a `git` from the directory itself: relative ones, and those within it. */
function searchPath(given: string, root: string): string {
  const isOutside = (place: string) =>
    path.isAbsolute(place) && path.relative(root, place).split(path.sep)[0] === '..';
  // Without any, execvp would use a default of its own.
  return given.split(path.delimiter).filter(isOutside).join(path.delimiter) || '/usr/bin:/bin';
}

function cannotRun(error: ExecFileException, timeoutMs: number): Error {
  if (error.code === 'ENOENT' || error.code === 'EACCES') {
    const message = `Cannot run git (${error.code}): install it, or pass --no-git.`;
    return new CliError('usage', message, { cause: error });
  }
  const why = error.killed === true ? `in ${timeoutMs / 1_000} s` : `(${error.code ?? error.signal})`;
  const message = `git did not finish ${why}: check that "git status" works there, or pass --no-git.`;
  return new CliError('git-refused', message);
}
