import type { Question } from '../../../questions.js';

/** What `ssh` asks for, told by its words: it says nothing else of a question. */
export function kindOf(text: string): Pick<Question, 'kind' | 'echo'> {
  if (/\(yes\/no(\/\[fingerprint\])?\)\?\s*$|^Please type 'yes'/.test(text))
    return { kind: 'host-key', echo: true };
  if (/^Enter (passphrase|PIN) for /.test(text)) return { kind: 'passphrase', echo: false };
  if (/^Add key .* to agent\? ?$/s.test(text)) return { kind: 'confirmation', echo: true };
  // Prompts of the host itself have "(user@host) " before them.
  if (/^(?!\().*'s password: $/s.test(text)) return { kind: 'password', echo: false };
  return { kind: 'keyboard-interactive', echo: false };
}

/** What `ssh` takes for an answer to its question about a host key; undefined for what it would ask again about. */
export function decisionOf(answer: string | undefined): string | undefined {
  const given = answer?.trim();
  if (given === undefined || /^(no)?$/i.test(given)) return 'no';
  if (/^yes$/i.test(given)) return 'yes';
  return given.startsWith('SHA256:') ? given : undefined;
}
