import type { z } from 'zod';

/** What a command prints with `--json`. */
export interface CommandOutput {
  /** Of each line of stdout, which is one JSON value. */
  readonly schema: z.ZodType;
  /** `value`: one line, with `--watch` again at each change; `lines`: any number of them. */
  readonly prints: 'value' | 'lines';
}

/** A command that prints one value. */
export function value(schema: z.ZodType): CommandOutput {
  return { schema, prints: 'value' };
}

/** A command that prints a value a line. */
export function lines(schema: z.ZodType): CommandOutput {
  return { schema, prints: 'lines' };
}

/** A command whose output is another program's, or a file's: `--json` only changes how it tells errors. */
export const FOREIGN = 'foreign';

/** By the words of the command. */
export type CommandOutputs = Readonly<Record<string, CommandOutput | typeof FOREIGN>>;
