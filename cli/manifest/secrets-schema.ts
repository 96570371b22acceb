import { z } from 'zod';
import type { AppSecret } from '../../world/deploys/manifest.js';
import { SECRET_NAME } from '../../world/secrets/secret-value.js';
import { present } from '../fleet/connection-schema.js';

const name = z
  .string()
  .regex(SECRET_NAME)
  .refine((given) => !given.startsWith('HAWSER_'));

const form = z.enum(['env', 'file']);

/** An absolute path of a file. */
const from = z
  .string()
  .regex(/^\/[^\p{Cc}]{1,4000}$/u)
  .refine((path) => !path.endsWith('/') && !path.split('/').includes('..'));

const how = z.union([
  form.transform((as) => toSecret(as, undefined)),
  z
    .strictObject({
      as: form
        .optional()
        .describe('A variable, or a file in the directory that HAWSER_SECRETS names. Default: env.'),
      from: from
        .optional()
        .describe('A file on each host with the value. Default: what "hawser secret set" stored.'),
    })
    .transform((keys) => toSecret(keys.as, keys.from)),
]);

/** A list of names, which become variables, or how each of them is given to the programs. */
export const secrets = z.union(
  [
    z
      .array(name)
      .refine((names) => new Set(names).size === names.length)
      .transform((names) => Object.fromEntries(names.map((one) => [one, {} as AppSecret]))),
    z.record(name, how),
  ],
  { error: ({ input }) => describeMistake(input) },
);

/** What is wrong, without any value: the secret itself may stand there by mistake. */
function describeMistake(given: unknown): string {
  if (Array.isArray(given)) {
    const wrong = given.find((one) => !name.safeParse(one).success);
    if (wrong === undefined) return 'expected each name once';
    return 'expected names of letters, digits and _, at most 128, which do not begin with HAWSER_';
  }
  if (typeof given !== 'object' || given === null)
    return 'expected a list of names of secrets, or a mapping of names to env or file';
  const [wrong = ''] = Object.entries(given).find(([, value]) => !how.safeParse(value).success) ?? [];
  if (wrong === '') return describeMistake(Object.keys(given));
  return `expected env, file, or a mapping with as (env or file) and from (an absolute path) for ${wrong}; values are set with "hawser secret set"`;
}

function toSecret(as: 'env' | 'file' | undefined, path: string | undefined): AppSecret {
  return present({ as: as === 'file' ? as : undefined, from: path });
}
