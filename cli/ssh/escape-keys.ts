/** What a person wants besides typing. */
export type EscapeAction = 'disconnect' | 'suspend' | 'help';

/** What to do with what was typed. */
export interface Typed {
  /** For the host. */
  readonly bytes: Buffer;
  readonly actions: readonly EscapeAction[];
}

const TILDE = 0x7e;
const ACTIONS = new Map<number, EscapeAction>([
  [0x2e, 'disconnect'],
  [0x1a, 'suspend'],
  [0x3f, 'help'],
]);

/** Finds the escapes of ssh in what is typed: a tilde counts only at the beginning of a line, and twice it stands for itself. */
export class EscapeKeys {
  #isLineStart = true;
  #isAfterTilde = false;

  type(keys: Buffer): Typed {
    const bytes: number[] = [];
    const actions: EscapeAction[] = [];
    for (const key of keys) {
      if (this.#isAfterTilde) {
        this.#isAfterTilde = false;
        const action = ACTIONS.get(key);
        if (action !== undefined) {
          actions.push(action);
          continue;
        }
        if (key !== TILDE) bytes.push(TILDE);
      } else if (this.#isLineStart && key === TILDE) {
        this.#isAfterTilde = true;
        continue;
      }
      bytes.push(key);
      this.#isLineStart = key === 0x0d || key === 0x0a;
    }
    return { bytes: Buffer.from(bytes), actions };
  }
}

/** What `~?` shows. */
export const ESCAPE_HELP: readonly string[] = [
  'Supported escapes, at the beginning of a line:',
  '  ~.   disconnect',
  '  ~^Z  suspend hawser; "fg" comes back',
  '  ~?   show this',
  '  ~~   send a tilde',
];
