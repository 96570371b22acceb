import { CliError, type CliErrorCode } from '../errors.js';

type Testing = typeof import('../../testing/index.js');

/** What starts hosts on this machine. It is not in the bundle, which does without it on hosts and has this function replaced. */
function loadTesting(): Promise<Testing> {
  return import('../../testing/index.js');
}

/** Of its errors; others just failed. */
const CODES: Readonly<Record<string, CliErrorCode>> = {
  'invalid-option': 'usage',
  'unknown-host': 'usage',
  'unknown-fleet': 'usage',
  'name-taken': 'refused',
};

/** Does what needs it. @throws CliError instead of its own errors, which this program has no exit codes for */
export async function withTesting<T>(work: (testing: Testing) => Promise<T>): Promise<T> {
  const testing = await loadTesting();
  try {
    return await work(testing);
  } catch (cause) {
    if (!(cause instanceof testing.FleetError)) throw cause;
    const message = cause.message.replace(
      /^startFleet does not take these options/,
      'No lab has these options',
    );
    throw new CliError(CODES[cause.code] ?? 'failed', asSentence(message), { cause });
  }
}

function asSentence(message: string): string {
  const sentence = `${message.slice(0, 1).toUpperCase()}${message.slice(1)}`;
  return sentence.endsWith('.') ? sentence : `${sentence}.`;
}
