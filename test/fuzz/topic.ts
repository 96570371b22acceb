import fc from 'fast-check';

export interface Round {
  readonly seed: number;
  /** How many inputs to try. */
  readonly runs: number;
  /** A private one, for what is handed to the judge. */
  readonly folder: string;
}

/** What a round came to. */
export interface Outcome {
  /** Inputs tried, and single comparisons or checks made with them. */
  readonly cases: number;
  readonly checks: number;
  /** The smallest input found that fails, and why it does. */
  readonly failure?: { readonly input: string; readonly problem: string };
}

/** A parser to be tried with whatever anybody could feed it. */
export interface Topic {
  readonly name: string;
  /** How many inputs are tried in the tests, and in each turn of `npm run fuzz`. */
  readonly runs: { readonly short: number; readonly long: number };
  round(round: Round): Promise<Outcome>;
}

/** Tells how many checks one input was good for; throws where one fails. */
export type Check<T> = (input: T, folder: string) => number | Promise<number>;

/** A topic with one property of its inputs. */
export function topic<T>(
  name: string,
  inputs: fc.Arbitrary<T>,
  check: Check<T>,
  { short = 300, long = 3_000, show = (input: T) => fc.stringify(input) } = {},
): Topic {
  return {
    name,
    runs: { short, long },
    async round({ seed, runs, folder }) {
      let [cases, checks] = [0, 0];
      const property = fc.asyncProperty(inputs, async (input) => {
        cases += 1;
        checks += await check(input, folder);
      });
      const details = await fc.check(property, { seed, numRuns: runs });
      if (!details.failed) return { cases, checks };
      const [input] = details.counterexample ?? [];
      const problem = details.errorInstance instanceof Error ? details.errorInstance : undefined;
      return {
        cases,
        checks,
        failure: {
          input: input === undefined ? 'none' : show(input),
          problem: problem?.stack ?? String(details.errorInstance),
        },
      };
    },
  };
}

/** Runs a parser that may refuse its input, with an error of its own kind only. */
export function refusesWith<T>(
  kinds: readonly (abstract new (...args: never[]) => Error)[],
  parse: () => T,
): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (kinds.some((kind) => error instanceof kind)) return undefined;
    throw error;
  }
}
