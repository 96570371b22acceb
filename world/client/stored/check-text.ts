import { WorldError } from '../../errors.js';

/** Whether the text can be stored: an unpaired surrogate has no UTF-8 form and would be read back differently. */
export function isStorable(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** Refuses text that would not be read back unchanged. @throws WorldError `invalid` */
export function checkText(text: string, what: string): void {
  if (!isStorable(text)) {
    throw new WorldError(
      'invalid',
      `${what} cannot be stored: it contains an unpaired surrogate, which is not valid Unicode.`,
    );
  }
}
