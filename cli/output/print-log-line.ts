import stringWidth from 'string-width';
import { visible } from './escape-controls.js';
import type { OutputOptions } from './print.js';
import { writeJson, writeLabelled } from './write-output.js';

/** Colours that are legible on dark and on light: cyan, yellow, green, magenta, blue, red. */
const COLOURS = [36, 33, 32, 35, 34, 31];

/** A line of a log, and where it is from. */
export interface LabelledLine {
  readonly hostname: string;
  readonly process: string;
  /** ISO 8601, if it says when. */
  readonly at: string | undefined;
  readonly line: string;
  /** All hosts and processes that are shown, for the width and the colour of what stands before the line. */
  readonly layout: { readonly hosts: readonly string[]; readonly processes: readonly string[] };
}

/** Prints one line of a log: behind its host, and its process where there are several; for programs one object a line. */
export function printLogLine(options: OutputOptions, { layout, ...line }: LabelledLine): void {
  const { hosts, processes } = layout;
  if (options.json) {
    writeJson(line);
    return;
  }
  const host = padded(line.hostname, hosts);
  const label = processes.length < 2 ? host : `${host} ${padded(line.process, processes)}`;
  writeLabelled(label, line.line, COLOURS[hosts.indexOf(line.hostname) % COLOURS.length] ?? 0);
}

function padded(name: string, all: readonly string[]): string {
  const width = Math.max(...all.map((one) => stringWidth(visible(one))));
  return visible(name) + ' '.repeat(width - stringWidth(visible(name)));
}
