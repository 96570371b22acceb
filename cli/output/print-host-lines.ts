import stringWidth from 'string-width';
import { visible } from './escape-controls.js';
import { resultTaken, writeLabelledLines } from './write-output.js';

/** Colours that are legible on dark and on light: cyan, yellow, green, magenta, blue, red. */
const COLOURS = [36, 33, 32, 35, 34, 31];
const DIM = 2;

/** Prints lines that hosts say, each behind the name of its host. */
export class HostLines {
  readonly #labels: ReadonlyMap<string, { readonly label: string; readonly colour: number }>;
  readonly #signal: AbortSignal;

  /** @param hostnames all of the run, for the width and the colours */
  constructor(hostnames: readonly string[], signal: AbortSignal) {
    const width = Math.max(0, ...hostnames.map((name) => stringWidth(visible(name))));
    const labels = hostnames.map((name, index) => {
      const label = visible(name) + ' '.repeat(width - stringWidth(visible(name)));
      return [name, { label, colour: COLOURS[index % COLOURS.length] ?? DIM }] as const;
    });
    this.#labels = new Map(labels);
    this.#signal = signal;
  }

  /** Prints lines with none of another host between them; resolves when there is room for more. */
  async print(hostname: string, lines: readonly string[], to: 'stdout' | 'stderr'): Promise<void> {
    if (lines.length === 0) return;
    const { label = hostname, colour = DIM } = this.#labels.get(hostname) ?? {};
    writeLabelledLines(label, lines, { colour, to });
    await resultTaken(this.#signal);
  }
}

/** Prints lines that somebody else wrote, set off from ours. */
export async function printSetOff(lines: readonly string[], signal: AbortSignal): Promise<void> {
  if (lines.length === 0) return;
  writeLabelledLines(' ', lines, { colour: DIM });
  await resultTaken(signal);
}
