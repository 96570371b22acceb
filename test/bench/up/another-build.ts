import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type LocalProgram, releaseOf } from '../../../cli/setup/programs/local-program.js';
import { projectFolder } from '../../../fixtures/fleet/project-paths.js';

/** Another build of hawser, as somebody who has installed the next version has it. */
export interface AnotherBuild {
  /** To run on the laptop. */
  readonly program: string;
  readonly bundle: LocalProgram;
}

/** Makes a build whose program differs from this one's. */
export async function makeAnotherBuild(folder: string, bundle: LocalProgram): Promise<AnotherBuild> {
  const place = join(folder, 'dist/bundle');
  await mkdir(place, { recursive: true });
  await copyFile(join(projectFolder, 'package.json'), join(folder, 'package.json'));
  await symlink(join(projectFolder, 'node_modules'), join(folder, 'node_modules'));
  const text = await readFile(join(projectFolder, 'dist/bundle/program.cjs'));
  const changed = Buffer.concat([text, Buffer.from('\n// another build\n')]);
  const compressed = gzipSync(changed, { level: 9 });
  const program = join(place, 'program.cjs');
  await writeFile(program, changed);
  const file = join(place, 'hawser.cjs.gz');
  await writeFile(file, compressed);
  const hash = (content: Buffer) => createHash('sha256').update(content).digest('hex');
  const sha256 = hash(changed);
  const path = `releases/${releaseOf({ sha256 })}/hawser.cjs`;
  return {
    program,
    bundle: {
      ...{ ...bundle, sha256, path, file },
      ...{ compressedSha256: hash(compressed), sizeBytes: compressed.length },
    },
  };
}
