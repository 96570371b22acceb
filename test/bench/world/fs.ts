import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Effort } from '../effort.js';
import type { Check, Topic } from '../report.js';
import { COLUMNS, type Measured, measureTask, medianOf, rowOf } from './measured.js';
import { Site } from './site.js';
import { FOLDER_VARIABLE } from './tasks/fs.js';

const SMALL_FILES = 1000;
const SMALL_BYTES = 10 << 10;
const BIG_BYTES = 50 << 20;
const CHANGED_BYTES = 1 << 20;

/** Uploading many small files and a large one, and again after a part of the large one changed: far and near. */
export async function* measureUpload(far: Site, effort: Effort): AsyncGenerator<Topic> {
  yield* measureUploadAt(far, effort);
  await using near = await Site.start(0);
  yield* measureUploadAt(near, effort);
}

async function* measureUploadAt(site: Site, { isQuick }: Effort): AsyncGenerator<Topic> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-fs-'));
  process.env[FOLDER_VARIABLE] = folder;
  try {
    const bigBytes = isQuick ? BIG_BYTES / 5 : BIG_BYTES;
    await plant(folder, bigBytes);
    const count = SMALL_FILES + 1;
    const measure = (task: string, namespace: string) =>
      measureTask(site, { task, namespace, count, rounds: 1 });
    const oneByOne = await measure('uploadOneByOne', site.newNamespace());
    const each64 = await measure('uploadEach64', site.newNamespace());
    const namespace = site.newNamespace();
    const first = await measure('copyIn', namespace);
    const unchanged = await measure('copyIn', namespace);
    const position = Math.floor(bigBytes / 2);
    await overwrite(path.join(folder, 'big'), position);
    const changed = await measure('copyIn', namespace);
    yield {
      title: `Uploading ${SMALL_FILES} files of 10 KiB and one of ${bigBytes >> 20} MiB at a round trip of ${site.roundTripMs} ms`,
      columns: COLUMNS,
      rows: [
        rowOf('one request each', oneByOne),
        rowOf('one request each, 64 in flight', each64),
        rowOf('copyIn', first),
        rowOf('copyIn, unchanged', unchanged),
        rowOf('copyIn, 1 MiB of the large one changed', changed),
      ],
      checks: checks(site, { oneByOne, first, changed }),
      notes: ['half of each file is random, the other half compresses well'],
    };
  } finally {
    delete process.env[FOLDER_VARIABLE];
    await rm(folder, { recursive: true, force: true });
  }
}

function checks(
  site: Site,
  { oneByOne, first, changed }: Readonly<Record<'oneByOne' | 'first' | 'changed', readonly Measured[]>>,
): Check[] {
  const again: Check = {
    what: 'bytes sent the second time, for each that changed',
    got: medianOf(changed, 'sentBytes') / CHANGED_BYTES,
    sense: 'at most',
    wanted: 2,
  };
  if (site.roundTripMs === 0) return [again];
  const faster = medianOf(oneByOne, 'elapsedMs') / medianOf(first, 'elapsedMs');
  return [{ what: 'copyIn against one request each', got: faster, sense: 'at least', wanted: 10 }, again];
}

async function plant(folder: string, bigBytes: number): Promise<void> {
  for (let number = 0; number < SMALL_FILES; number += 1) {
    const text = Buffer.alloc(SMALL_BYTES / 2, `line of file ${number}\n`);
    await writeFile(path.join(folder, `f${number}`), Buffer.concat([randomBytes(SMALL_BYTES / 2), text]));
  }
  const part = 64 << 10;
  await using big = await open(path.join(folder, 'big'), 'w');
  for (let position = 0; position < bigBytes; position += 2 * part) {
    await big.write(Buffer.concat([randomBytes(part), Buffer.alloc(part, `part ${position}`)]));
  }
}

async function overwrite(file: string, position: number): Promise<void> {
  await using handle = await open(file, 'r+');
  await handle.write(randomBytes(CHANGED_BYTES), 0, CHANGED_BYTES, position);
}
