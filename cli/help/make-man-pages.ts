import { EXIT_CODES } from '../exit-codes.js';
import { Interrupts } from '../interrupts.js';
import { program } from '../program.js';
import { type ManPage, manPages } from './man-page.js';

/** The pages of this program's manual, which the build puts into the package. */
export async function makeManPages(version: string): Promise<ManPage[]> {
  using interrupts = new Interrupts();
  return manPages(await program({ version, interrupts, exitCode: EXIT_CODES.done }), version);
}
