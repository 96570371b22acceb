import { open } from 'node:fs/promises';
import { type AllowedSigner, checkDeploySignature, parseAllowedSigners } from '../../../world/internal.js';
import { describeFailure } from '../describe-failure.js';
import { AcceptedDeploys } from './accepted-deploys.js';

/** Whom others than the owner may not be, for a file that decides who deploys. */
const WRITABLE_BY_OTHERS = 0o022;

export interface SignatureGateOptions {
  /** The agent's directory. */
  readonly prefix: string;
  /** The allowed_signers file; it is read for each deploy. */
  readonly file: string;
  /** The uuid of the fleet. */
  readonly fleet: () => Promise<string | undefined>;
}

/** Lets only deploys through that one of the allowed signers has signed, each app's in the order of the log. */
export class SignatureGate {
  readonly #options: SignatureGateOptions;
  readonly #accepted: AcceptedDeploys;
  /** What was let through last of each app: its id and payload. */
  readonly #known = new Map<string, string>();

  constructor(options: SignatureGateOptions) {
    this.#options = options;
    this.#accepted = new AcceptedDeploys(options.prefix);
  }

  /** @returns why this host must not apply a deploy, in one sentence; undefined if it may */
  async refusal(
    app: string,
    { id, payload }: { readonly id: number; readonly payload: string },
  ): Promise<string | undefined> {
    const entry = `${id} ${payload}`;
    if (this.#known.get(app) === entry) return undefined;
    const not = (why: string) => `Deploy ${id} of ${app} is not applied: ${why}.`;
    try {
      const fleet = await this.#options.fleet();
      if (fleet === undefined) return not('this host does not know its fleet, for which it would be signed');
      const signers = await this.#readSigners();
      const check = checkDeploySignature(payload, { id, fleet }, { signers, now: new Date() });
      if ('refusal' in check) return not(check.refusal);
      const highest = await this.#accepted.highest(fleet, app);
      if (id < highest)
        return not(`this host has accepted deploy ${highest} before, and goes back to no older one`);
      await this.#accepted.accept(fleet, app, id);
      this.#known.set(app, entry);
      return undefined;
    } catch (error) {
      return not(describeFailure(error).replace(/\.$/, ''));
    }
  }

  async #readSigners(): Promise<AllowedSigner[]> {
    const { file } = this.#options;
    await using handle = await open(file, 'r');
    const { uid, mode } = await handle.stat();
    const isOurs = uid === 0 || uid === process.geteuid?.();
    if (!isOurs || (mode & WRITABLE_BY_OTHERS) !== 0)
      throw new Error(`another user could have written ${file}: make it root's, with mode 600`);
    return parseAllowedSigners(await handle.readFile('utf8'));
  }
}
