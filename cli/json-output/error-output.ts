import { z } from 'zod';

/** What every command prints on stderr with `--json` when it fails. */
export const errorOutput = z
  .object({
    error: z.object({
      code: z
        .string()
        .describe(
          'For programs, such as usage, unreachable, auth-failed, host-key-changed, unavailable, not-found, compacted, failed.',
        ),
      message: z.string().describe('What was tried, what went wrong, what to do next; for people.'),
      host: z.string().optional().describe('The host, if it is about one.'),
      hosts: z
        .record(z.string(), z.string())
        .optional()
        .describe('The hosts that failed, each with the reason.'),
      key: z.string().optional().describe('The key in etcd, without the namespace.'),
      logTail: z.string().optional().describe('What a program wrote last.'),
    }),
  })
  .describe('A failure. The exit code of the command says more.');
