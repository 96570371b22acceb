import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import type { DirectEtcd } from './direct-etcd.js';
import { type Result, temporaryFolder } from './hawser.js';

/** Nobody's own settings count. */
const environment = {
  PATH: process.env['PATH'],
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 't',
  GIT_AUTHOR_EMAIL: 't@example.org',
  GIT_COMMITTER_NAME: 't',
  GIT_COMMITTER_EMAIL: 't@example.org',
};

/** An app in a git repository with one commit, and a place beside it. */
export class GitFolder {
  readonly root: string;
  readonly folder: string;

  private constructor(root: string) {
    this.root = root;
    this.folder = path.join(root, 'app');
  }

  static async make(t: ExecutionContext): Promise<GitFolder> {
    const made = new GitFolder(await temporaryFolder(t));
    await mkdir(made.folder);
    made.git('init', '-q', '-b', 'main');
    await made.write('hawser.yaml', 'name: app\n');
    made.commit();
    return made;
  }

  get head(): string {
    return this.git('rev-parse', 'HEAD');
  }

  git(...args: string[]): string {
    return runGit(this.folder, ...args);
  }

  write(name: string, content: string): Promise<void> {
    return writeFile(path.join(this.folder, name), content);
  }

  commit(): void {
    this.git('add', '--all');
    this.git('commit', '-q', '--allow-empty', '-m', 'x');
  }

  /** A program that leaves a file when it is run, with the name of what ran it. */
  async marker(): Promise<string> {
    const program = path.join(this.root, 'marker');
    const marks = path.join(this.root, 'marks');
    await mkdir(marks, { recursive: true });
    await writeFile(program, `#!/bin/sh\ntouch "${marks}/$1"\n`);
    await chmod(program, 0o755);
    return program;
  }

  /** What ran the marker. */
  async marks(): Promise<string[]> {
    return (await readdir(path.join(this.root, 'marks'))).sort();
  }
}

/** Runs git as a person without settings would. */
export function runGit(folder: string, ...args: string[]): string {
  return execFileSync('git', ['-C', folder, ...args], {
    encoding: 'utf8',
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}

/** What a deploy of the directory would be, or why it is refused; nobody's own settings count unless `env` brings some. */
export function planDeploy(
  fleet: DirectEtcd,
  folder: string,
  env: NodeJS.ProcessEnv = {},
  ...more: string[]
): Promise<Result> {
  const args = ['deploy', folder, '--plan', '--json', ...more];
  return fleet.run(args, { env: { HOME: '/nonexistent', ...env } });
}
