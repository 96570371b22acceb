import test from 'ava';
import { hostChoices } from '../../../cli/deploy/ask-hosts.js';

const host = (name: string, labels: Record<string, string> = {}) => ({ name, labels, isLive: true });

test('a person is offered all hosts, those with a label, and single ones', (t) => {
  const hosts = [host('db1', { role: 'db' }), host('web1', { role: 'web' }), host('web2', { role: 'web' })];
  t.deepEqual(
    hostChoices(hosts).map(({ value, name }) => [value, name]),
    [
      ['all', 'all (3 hosts: db1, web1 and web2)'],
      ['role=db', 'role=db (1 host: db1)'],
      ['role=web', 'role=web (2 hosts: web1 and web2)'],
      ['', 'choose by name'],
    ],
  );
});

test('labels that all hosts have, or too many, do not hide the rest', (t) => {
  const hosts = Array.from({ length: 20 }, (_, at) => host(`h${at}`, { zone: 'a', rack: `${at}` }));
  const choices = hostChoices(hosts);
  t.is(choices.length, 10);
  t.is(choices[0]?.name, 'all (20 hosts: h0, h1, h2 and 17 more)');
  t.false(choices.some(({ value }) => value === 'zone=a'));
});
