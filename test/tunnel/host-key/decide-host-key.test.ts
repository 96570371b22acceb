import test from 'ava';
import fc from 'fast-check';
import { fingerprintOf } from '../../../base/key-formats/parse-public-key.js';
import { TunnelError } from '../../../tunnel/errors.js';
import { type HostKeyPin, parseHostKeyPins } from '../../../tunnel/host-key/host-key-pin.js';
import { lookUpHost, parseKnownHosts } from '../../../tunnel/host-key/known-hosts.js';
import { orderHostKeyAlgorithms } from '../../../tunnel/host-key/order-host-key-algorithms.js';
import { verifyHostKey } from '../../../tunnel/host-key/verify-host-key.js';
import { answerOnce } from '../../../tunnel/transport/ssh2/verify-or-ask-host-key.js';
import { ed25519Key, rsaKey } from '../helpers/host-keys.js';

const destination = { user: 'root', host: 'host', port: 2222 };
const ours = ed25519Key(1);
const other = ed25519Key(2);
const rsa = rsaKey(1);
const name = '[host]:2222';

function judged(knownHosts: string, pin?: string): string {
  const verdict = verifyHostKey(ours.key, {
    destination,
    known: lookUpHost(parseKnownHosts(knownHosts, '/known'), destination.host, destination.port),
    ...(pin !== undefined && { pins: parseHostKeyPins(pin, destination) }),
  });
  return verdict.accepted ? 'accepted' : verdict.error.code;
}

const verdicts: readonly (readonly [title: string, knownHosts: string, expected: string, pin?: string])[] = [
  ['nothing known', '', 'host-key-unknown'],
  ['this key', `${name} ${ours.text}`, 'accepted'],
  ['this key among others', `${name} ${other.text}\n${name} ${ours.text}`, 'accepted'],
  ['another key of the type', `${name} ${other.text}`, 'host-key-changed'],
  ['only a key of another type', `${name} ${rsa.text}`, 'host-key-changed'],
  [
    'a key of another type, and this one under the name without port',
    `${name} ${rsa.text}\nhost ${ours.text}`,
    'host-key-changed',
  ],
  ['only a key of another type under the name without port', `host ${rsa.text}`, 'host-key-unknown'],
  ['this key under the name without port', `host ${ours.text}`, 'accepted'],
  ['another key under the name without port', `host ${other.text}`, 'host-key-unknown'],
  [
    'another key, and this one under the name without port',
    `${name} ${other.text}\nhost ${ours.text}`,
    'host-key-changed',
  ],
  ['this key for another port', `[host]:2223 ${ours.text}`, 'host-key-unknown'],
  ['this key for all but this host', `[*]:*,!${name} ${ours.text}`, 'host-key-unknown'],
  ['this key as an authority for certificates', `@cert-authority ${name} ${ours.text}`, 'host-key-unknown'],
  ['this key, also revoked', `${name} ${ours.text}\n@revoked * ${ours.text}`, 'host-key-revoked'],
  ['this key, another revoked', `${name} ${ours.text}\n@revoked * ${other.text}`, 'accepted'],
  ['this key pinned', '', 'accepted', ours.text],
  ['this key pinned by fingerprint', '', 'accepted', fingerprintOf(ours.key)],
  ['this key pinned, another known', `${name} ${other.text}`, 'accepted', ours.text],
  ['this key pinned beside another', '', 'accepted', `${other.text},${ours.text}`],
  ['this fingerprint pinned beside another key', '', 'accepted', `${other.text},${fingerprintOf(ours.key)}`],
  ['two other keys pinned', '', 'host-key-changed', `${other.text},${rsa.text}`],
  ['another key pinned, this one known', `${name} ${ours.text}`, 'host-key-changed', other.text],
  ['another fingerprint pinned', `${name} ${ours.text}`, 'host-key-changed', fingerprintOf(other.key)],
  ['this key pinned but revoked', `@revoked ${name} ${ours.text}`, 'host-key-revoked', ours.text],
];

for (const [title, knownHosts, expected, pin] of verdicts) {
  test.serial(`verdict on a host key with ${title}: ${expected}`, (t) => {
    t.is(judged(knownHosts, pin), expected);
  });
}

test.serial('bytes that are no key are never accepted', (t) => {
  const known = lookUpHost(parseKnownHosts(`* ${ours.text}`, '/known'), 'host', 2222);
  fc.assert(
    fc.property(
      fc.uint8Array(),
      (bytes) => !verifyHostKey(Buffer.from(bytes), { destination, known }).accepted,
    ),
  );
  t.pass();
});

test.serial('a pin is a fingerprint, a public key line or the bare key, and nothing else', (t) => {
  const key: HostKeyPin = { kind: 'key', key: ours.key, type: 'ssh-ed25519' };
  t.deepEqual(parseHostKeyPins(`${ours.text} me@home, sweet home`, destination), [key]);
  t.deepEqual(parseHostKeyPins(` ${ours.text.split(' ')[1]}\n`, destination), [key]);
  const several = parseHostKeyPins(
    `${ours.text} me@home,${fingerprintOf(other.key)}, ${rsa.text}`,
    destination,
  );
  t.deepEqual(
    several.map(({ kind }) => kind),
    ['key', 'fingerprint', 'key'],
  );
  for (const pin of ['', 'SHA256:abc', 'MD5:00:11', `ssh-rsa ${ours.text.split(' ')[1]}`, 'AAAA', 'yes']) {
    const error = t.throws(() => parseHostKeyPins(pin, destination), { instanceOf: TunnelError });
    t.is(error.code, 'bad-destination');
  }
});

test.serial('the types of known keys are asked for first, and SHA-1 never', (t) => {
  const known = lookUpHost(parseKnownHosts(`${name} ${rsa.text}`, '/known'), 'host', 2222);
  const order = orderHostKeyAlgorithms({ destination, known });
  t.deepEqual(order.slice(0, 3), ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519']);
  t.is(new Set(order).size, 6);
  const pinned = orderHostKeyAlgorithms({
    destination,
    known,
    pins: parseHostKeyPins(ours.text, destination),
  });
  t.is(pinned[0], 'ssh-ed25519');
});

/** Of a connection that lives on. */
const { signal } = new AbortController();

/** What ssh2 is told about each of some keys, presented one after the other; undefined while nothing is said. */
function answers(verify: ReturnType<typeof answerOnce>, ...keys: readonly Buffer[]): unknown[] {
  return keys.map((key) => {
    let said: unknown;
    const returned: unknown = verify(key, (isAccepted) => {
      said = isAccepted;
    });
    return returned === undefined ? said : returned;
  });
}

test.serial('a rekey may present the accepted key only, without another judgement', (t) => {
  let judgements = 0;
  const verify = answerOnce(
    () => {
      judgements += 1;
      return { accepted: true };
    },
    { onRefused: () => t.fail(), signal },
  );
  t.deepEqual(answers(verify, ours.key, Buffer.from(ours.key), other.key), [true, true, false]);
  t.is(judgements, 1);
});

test.serial('a refusal is told to ssh2 as false and nothing else', (t) => {
  const error = new TunnelError('host-key-unknown', 'root@host:22', 'unknown');
  const refusals: unknown[] = [];
  const verify = answerOnce(() => ({ accepted: false, error }), {
    onRefused: (refusal) => refusals.push(refusal),
    signal,
  });
  t.deepEqual(answers(verify, ours.key), [false]);
  t.deepEqual(refusals, [error]);
});

test.serial('a verdict that takes its time holds the answer back, and is at hand for a rekey', async (t) => {
  const verify = answerOnce(() => Promise.resolve({ accepted: true } as const), {
    onRefused: () => t.fail(),
    signal,
  });
  const presented = Buffer.from(ours.key);
  const first = new Promise<boolean>((resolve) => verify(presented, resolve));
  presented.fill(0);
  t.true(await first);
  t.deepEqual(answers(verify, ours.key, other.key), [true, false]);
});

test.serial('a verdict that fails is a refusal', async (t) => {
  const fault = new Error('nobody there');
  const refusals: unknown[] = [];
  const verify = answerOnce(() => Promise.reject(fault), {
    onRefused: (refusal) => refusals.push(refusal),
    signal,
  });
  t.false(await new Promise<boolean>((resolve) => verify(ours.key, resolve)));
  t.deepEqual(refusals, [fault]);
});

test.serial('algorithms asked for are offered in their order, and only those that we accept', (t) => {
  const known = lookUpHost([], 'host', 2222);
  t.deepEqual(orderHostKeyAlgorithms({ destination, known }, ['rsa-sha2-256', 'ssh-rsa', 'ssh-ed25519']), [
    'rsa-sha2-256',
    'ssh-ed25519',
  ]);
});
