import { z } from 'zod';
import type { AppLimits, Argv } from '../../world/deploys/manifest.js';
import { parseDuration } from '../input/parse-duration.js';

// The values that keys of a hawser.yaml can have. What the file has is described by the schemas' input, so that a JSON Schema
// for editors can be made of them.

export const text = (error: string) => z.string({ error }).min(1, error);

/** Text, or what YAML takes for something else but means the same as text. */
const scalar = z
  .union([z.string(), z.number(), z.boolean()], { error: 'expected text or a number' })
  .transform(String);

const argvRule = 'expected a list of the program and its arguments, such as ["node", "server.js"]';
export const argv = z
  .array(scalar, { error: argvRule })
  .min(1, argvRule)
  .transform(([program = '', ...args]): Argv => [program, ...args]);

/** In milliseconds; more than 0. */
export const duration = z
  .string({ error: 'expected a duration such as 5s' })
  .regex(/^[0-9]{1,9}(\.[0-9]{1,3})?(ms|s|m|h)$/, 'expected a duration such as 5s')
  .transform((value, context) => {
    const ms = parseDuration(value) ?? 0;
    if (ms > 0) return ms;
    context.addIssue({ code: 'custom', message: 'expected a duration such as 5s' });
    return z.NEVER;
  });

/** Whole, from `from`. */
export function count(
  from: 0 | 1,
  error = `expected a whole number from ${from}`,
): z.ZodType<number, number> {
  return z.number({ error }).int(error).min(from, error).max(1_000_000, error);
}

/** What a shell takes, and systemd: another name would be lost on the way to the app. */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

const variableRule = 'expected a name of letters, digits and _';

export const env = z
  .record(z.string(), scalar, { error: 'expected a mapping of names to values' })
  .superRefine((values, context) => {
    for (const key of Object.keys(values)) {
      if (VARIABLE.test(key) && !key.startsWith('HAWSER_')) continue;
      const message = VARIABLE.test(key)
        ? 'expected another name: those that begin with HAWSER_ are set by hawser'
        : variableRule;
      context.addIssue({ code: 'custom', path: [key], message });
    }
  });

const accountRule = 'expected the name of a user or a group, or a number';
/** As `useradd` takes them. */
export const account = z
  .union([z.string(), z.number()], { error: accountRule })
  .transform(String)
  .refine((name) => /^([a-z_][a-z0-9_-]{0,30}\$?|[0-9]{1,10})$/i.test(name), accountRule);

const pathRule = 'expected the path of a directory in the app, without . and ..';
/** Relative, and it stays inside. */
export const pathInside = z
  .string({ error: pathRule })
  .refine((path) => path.split('/').every((part) => !['', '.', '..'].includes(part)), pathRule)
  .refine((path) => !/\p{Cc}/u.test(path), pathRule);

const listenRule = 'expected host:port, such as 0.0.0.0:8080 or [::]:8080';
/** An address of the host itself, which is no name: what it means must not depend on a name server. */
export const listen = z
  .string({ error: listenRule })
  .refine((address) => isListenAddress(address), listenRule);

function isListenAddress(address: string): boolean {
  const [, bracketed, plain, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):([0-9]{1,5})$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return false;
  return URL.canParse(bracketed === undefined ? `http://${host}` : `http://[${host}]`) && isWhole(host);
}

/** Four numbers, or an IPv6 address: `10.1` would be another address than it seems. */
function isWhole(host: string): boolean {
  return host.includes(':') || /^([0-9]{1,3}\.){3}[0-9]{1,3}$/.test(host);
}

const SIZE_UNITS = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;
const sizeRule = 'expected a size such as 512MiB';
const size = z
  .string({ error: sizeRule })
  .regex(/^[1-9][0-9]{0,11}(B|KiB|MiB|GiB)$/, sizeRule)
  .transform((value) => {
    const [, amount, unit] = /^([0-9]+)(.+)$/.exec(value) ?? [];
    return Number(amount) * SIZE_UNITS[unit as keyof typeof SIZE_UNITS];
  });

const cpuRule = 'expected a number of CPUs such as 0.5';
export const limits = z
  .strictObject(
    {
      memory: size.optional().describe('Such as 512MiB.'),
      cpu: z
        .number({ error: cpuRule })
        .min(0.01, cpuRule)
        .max(1024, cpuRule)
        .optional()
        .describe('Processors, or a part of one such as 0.5.'),
      files: count(1).optional().describe('Open files of each program.'),
    },
    { error: 'expected a mapping with memory, cpu and files' },
  )
  .transform(
    ({ memory, cpu, files }): AppLimits => ({
      ...(memory === undefined ? {} : { memoryBytes: memory }),
      ...(cpu === undefined ? {} : { cpu }),
      ...(files === undefined ? {} : { files }),
    }),
  );
