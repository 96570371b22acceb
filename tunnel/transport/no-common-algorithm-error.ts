import { TunnelError } from '../errors.js';
import { shorten } from '../format-for-message.js';
import { type Destination, formatDestination } from '../parse-destination.js';

/** The ssh_config options that list algorithms to negotiate, with what they list. */
const KINDS = {
  KexAlgorithms: 'key exchange',
  HostKeyAlgorithms: 'type of host key',
  Ciphers: 'cipher',
  MACs: 'MAC',
} as const;

export type AlgorithmOption = keyof typeof KINDS;

/** Names in a server's list that are markers, not algorithms. */
const SIGNALS = /^(ext-info-|kex-strict-)/;

/** The form of algorithm names (RFC 4251 §6); anything else could pass for part of the advice. */
const NAME = /^[\w.+@-]{1,64}$/;

/** What host and client could not agree on. */
export interface Disagreement {
  readonly option: AlgorithmOption;
  /** What the host offers, where that is known. */
  readonly offer?: readonly string[] | undefined;
  readonly cause?: unknown;
}

/** The error of a connection whose host and client have no algorithm of some kind in common. */
export function noCommonAlgorithmError(
  destination: Destination,
  { option, offer = [], cause }: Disagreement,
): TunnelError {
  const host = formatDestination(destination);
  const theirs = offer.filter((name) => NAME.test(name) && !SIGNALS.test(name));
  const offered = theirs.length > 0 ? `; it offers ${shorten(theirs.join(', '))}` : '';
  const example = theirs[0] ?? 'NAME';
  const message = `Could not connect to ${host}: it offers no ${KINDS[option]} that is allowed here${offered}. If it is too old for anything better, allow one for this host in ssh_config: "${option} +${example}".`;
  return new TunnelError('no-common-algorithm', host, message, { cause, algorithmOption: option });
}
