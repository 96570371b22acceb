import test from 'ava';
import {
  createAuthority,
  issueHostCertificate,
} from '../../../../cli/setup/certificates/issue-certificate.js';
import { planHost } from '../../../../cli/setup/plan/plan-host.js';
import { factsOf, recordOf } from '../host-facts.js';

const DAY_MS = 86_400_000;
const id = '00000000-0000-4000-8000-000000000001';
const authority = createAuthority('prod');
const web1 = { hostname: 'web1', addresses: ['10.0.0.1'] };
const bundle = { sha256: 'ab'.repeat(32), version: '1.0.0', sizeBytes: 1 };

/** What the plan says of a certificate that was issued so many days ago. */
function planned(
  days: number | 'none',
  {
    canIssue = true,
    authorityCert = authority.cert as string | null,
    fleetId = id,
    addresses = ['10.0.0.1'],
  } = {},
) {
  const issuedAt = (ago: number) => new Date(Date.now() - ago * DAY_MS);
  const certificate =
    days === 'none' ? undefined : issueHostCertificate(authority, web1, issuedAt(days)).cert;
  const record = recordOf('web1', '10.0.0.1', id);
  const trusted = authority.cert;
  const facts = { ...factsOf({ record, certificate, hasClusterData: true, trusted }), addresses };
  const host = { name: 'web1', ssh: 'root@web1', hostKeys: [], address: '10.0.0.1', labels: {} };
  const fleet = { name: 'prod', id: fleetId, authority: authorityCert ?? undefined };
  return planHost(
    { host, facts, user: 'root', sudo: 'root' },
    { fleet, bundle, useHostNode: false, hasEtcdFile: false, canIssue },
  );
}

test('A certificate is renewed in the last third of its life, and after it', (t) => {
  t.is(planned(0).certificate, 'keep');
  t.true(planned(200).isNothing);
  for (const days of [250, 400]) {
    t.is(planned(days).certificate, 'renew');
    t.false(planned(days).isNothing);
    t.false(planned(days).starts, 'etcd reads the files anew by itself');
  }
});

test('A certificate of an authority that the fleet file does not name is no reason for another one', (t) => {
  t.throws(() => planned(0, { authorityCert: createAuthority('prod').cert }), {
    message:
      /web1 has a certificate of an authority that the fleet file does not name.*copy fleets\/prod\.yaml/,
  });
});

test('A host with another address gets a certificate for it', (t) => {
  const plan = planned(0, { addresses: ['10.0.0.1', '10.0.0.2'] });
  t.like(plan, { certificate: 'new', because: 'address', counts: true, starts: false });
  t.is(planned(0, { addresses: ['10.0.0.1', '10.0.0.2'], canIssue: false }).certificate, 'keep');
  t.is(planned(0, { addresses: [] }).certificate, 'keep', 'a certificate for more than that does');
});

test('A certificate of the old authority counts until there is one of the new', (t) => {
  const newest = createAuthority('prod').cert;
  const plan = planned(0, { authorityCert: newest + authority.cert });
  t.like(plan, { certificate: 'new', because: 'authority', counts: true, starts: false });
  t.like(planned(0, { authorityCert: newest + authority.cert, canIssue: false }), { certificate: 'keep' });
  const expired = planned(400, { authorityCert: newest + authority.cert });
  t.like(expired, { certificate: 'renew', counts: false, starts: true });
});

test('Without the authority’s key, hosts are left as they are while their certificates count', (t) => {
  t.true(planned(0, { canIssue: false }).isNothing);
  t.true(planned(250, { canIssue: false }).isNothing);
  t.throws(() => planned(400, { canIssue: false }), {
    message: /web1 has expired.*copy fleets\/prod\.key here/,
  });
  t.throws(() => planned('none', { canIssue: false }), { message: /web1 has to be issued/ });
});

test('A fleet file that has lost its authority does not get another one', (t) => {
  t.throws(() => planned(0, { authorityCert: null }), { message: /restore the "authority"/ });
});

test('After a recovery, whose generation the fleet file has, there is nothing to do either', (t) => {
  t.true(planned(0, { fleetId: `${id}/2` }).isNothing);
});
