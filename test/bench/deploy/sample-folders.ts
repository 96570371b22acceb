import { createHash } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import path from 'node:path';

const SMALL_FILES = 1_000;
const SMALL_BYTES = 10 << 10;
const FILES_PER_FOLDER = 50;
const LARGE_BYTES = 50_000_000;
const STAMPED_BYTES = 16 << 10;

const WORDS =
  'host deploy release fleet socket window packet mirror harbour anchor rope tide signal lantern'.split(' ');

/** Writes 1,000 text files of 10 KiB, in directories of 50. Another seed gives other contents of every file. */
export async function writeSmallFiles(folder: string, seed: string): Promise<void> {
  for (let index = 0; index < SMALL_FILES; index += 1) {
    const inner = path.join(folder, `part-${Math.floor(index / FILES_PER_FOLDER)}`);
    await mkdir(inner, { recursive: true });
    await writeFile(path.join(inner, `file-${index}.txt`), textOf(`${seed} ${index}`, SMALL_BYTES));
  }
}

/** Changes one of those files a little. */
export async function changeOneFile(folder: string, seed: string): Promise<void> {
  await writeFile(path.join(folder, 'part-7/file-357.txt'), textOf(`${seed} changed`, SMALL_BYTES));
}

/** Writes a program of 50 MB: the beginning of this one's interpreter, with a stamp in each 16 KiB so that no two are alike. */
export async function writeLargeFile(folder: string, seed: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await using program = await open(process.execPath);
  const content = Buffer.alloc(LARGE_BYTES);
  await program.read(content, 0, LARGE_BYTES, 0);
  for (let at = 0; at + 32 <= LARGE_BYTES; at += STAMPED_BYTES) digest(`${seed} ${at}`).copy(content, at);
  await writeFile(path.join(folder, 'program'), content, { mode: 0o755 });
}

/** Text that compresses as prose does. */
function textOf(seed: string, length: number): string {
  let text = '';
  for (let count = 0; text.length < length; count += 1) {
    for (const byte of digest(`${seed} ${count}`))
      text += byte < 40 ? `${byte.toString(36)}${count}\n` : `${WORDS[byte % WORDS.length]} `;
  }
  return text.slice(0, length);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
