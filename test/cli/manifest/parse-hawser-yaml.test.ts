import test from 'ava';
import fc from 'fast-check';
import { parseDuration } from '../../../cli/input/parse-duration.js';
import { parseConfig, parseManifest } from '../../../cli/manifest/parse-hawser-yaml.js';

test.serial('a whole manifest is read, with its defaults', (t) => {
  t.deepEqual(
    parseManifest({
      name: 'hello',
      run: ['node', 'server.js', '--port', 8080],
      env: { PORT: 8080, DEBUG: false, NAME: 'x' },
      health: { http: 'http://127.0.0.1:8080/' },
      seeds: 'db1',
    }),
    {
      manifest: {
        name: 'hello',
        processes: {
          main: {
            run: ['node', 'server.js', '--port', '8080'],
            health: { kind: 'http', url: 'http://127.0.0.1:8080/', timeoutMs: 30_000, intervalMs: 500 },
          },
        },
        env: { PORT: '8080', DEBUG: 'false', NAME: 'x' },
      },
    },
  );
  t.deepEqual(parseManifest({ name: 'files-only' }), { manifest: { name: 'files-only' } });
});

test.serial('a health check may be a port or a command, and says how long', (t) => {
  const health = { tcp: '[::1]:80', timeout: '2m', interval: '1.5s' };
  t.like(parseManifest({ name: 'a', health }), {
    manifest: { health: { kind: 'tcp', host: '::1', port: 80, timeoutMs: 120_000, intervalMs: 1500 } },
  });
  t.like(parseManifest({ name: 'a', health: { exec: ['true'] } }), {
    manifest: { health: { kind: 'exec', argv: ['true'] } },
  });
});

const complains = test.macro({
  exec: (t, value: unknown, ...problems: string[]) => t.deepEqual(parseManifest(value), { problems }),
  title: (_, value, problem) => `${JSON.stringify(value)} is refused: ${problem}`,
});

test.serial(
  complains,
  { name: 'a', health: { tcp: 'a:1', timeout: 12 } },
  'health.timeout: expected a duration such as 5s, got 12',
);
test.serial(
  complains,
  { name: 'a', health: { tcp: 'a:1', timeout: '0s' } },
  'health.timeout: expected a duration such as 5s, got "0s"',
);
test.serial(complains, { name: 'a', helth: 1 }, 'helth: unknown key (did you mean "health"?)');
test.serial(
  complains,
  { name: 'a', health: { tcp: 'a:1', timout: '1s' } },
  'health.timout: unknown key (did you mean "timeout"?)',
);
test.serial(complains, { name: 'a', 'totally-else': 1 }, 'totally-else: unknown key');
test.serial(complains, {}, 'name: expected a name of lowercase letters, digits and dashes, at most 63');
test.serial(
  complains,
  { name: 'A b' },
  'name: expected a name of lowercase letters, digits and dashes, at most 63, got "A b"',
);
test.serial(
  complains,
  { name: 'a', run: 'node x' },
  'run: expected a list of the program and its arguments, such as ["node", "server.js"], got "node x"',
);
test.serial(
  complains,
  { name: 'a', run: [] },
  'run: expected a list of the program and its arguments, such as ["node", "server.js"], got an empty list',
);
test.serial(complains, { name: 'a', run: ['x', ['y']] }, 'run.1: expected text or a number, got a list');
test.serial(complains, { name: 'a', env: { A: null } }, 'env.A: expected text or a number, got nothing');
test.serial(
  complains,
  { name: 'a', health: {} },
  'health: expected exactly one of http, tcp and exec, got a mapping',
);
test.serial(
  complains,
  { name: 'a', health: { tcp: 'a:1', exec: ['b'] } },
  'health: expected exactly one of http, tcp and exec, got a mapping',
);
test.serial(complains, { name: 'a', health: { tcp: 'a' } }, 'health.tcp: expected host:port, got "a"');
test.serial(
  complains,
  { name: 'a', health: { tcp: 'a:70000' } },
  'health.tcp: expected a port from 1 to 65535, got "a:70000"',
);
test.serial(
  complains,
  { name: 'a', health: { http: 'ftp://a' } },
  'health.http: expected a URL such as http://127.0.0.1:8080/, got "ftp://a"',
);
test.serial(complains, { name: 'a', seeds: 7 }, 'seeds: expected text, or a list of texts, got 7');
test.serial(complains, 'text', 'expected a mapping of keys to values, got "text"');
test.serial(complains, null, 'expected a mapping of keys to values, got nothing');

test.serial('the connection part is read by itself, one or several', (t) => {
  const config = {
    'ssh-url': 'root@a',
    'ssh-hostkey': 'SHA256:x',
    'ssh-id': ['k1', 'k2'],
    'ssh-known-hosts': 'kh',
    transport: 'openssh',
    seeds: ['db1', 'db2'],
    namespace: '',
    'ssh-hosts': ['a', 'b'],
  };
  t.deepEqual(parseConfig(config), {
    config: {
      sshUrls: ['root@a'],
      sshHostkey: 'SHA256:x',
      sshIds: ['k1', 'k2'],
      sshKnownHosts: ['kh'],
      transport: 'openssh',
      seeds: ['db1', 'db2'],
      namespace: '',
      hosts: ['a', 'b'],
    },
  });
  t.deepEqual(parseConfig({ 'ssh-ulr': 'a' }), {
    problems: ['ssh-ulr: unknown key (did you mean "ssh-url"?)'],
  });
  t.deepEqual(parseConfig({ transport: 'telnet' }), {
    problems: ['transport: expected one of auto, ssh2, openssh, got "telnet"'],
  });
});

test.serial('whatever is in the file, reading it gives a manifest or problems of one line each', (t) => {
  const value = fc.object({
    key: fc.constantFrom('name', 'run', 'env', 'health', 'http', 'timeout', 'seeds', 'x'),
  });
  fc.assert(
    fc.property(fc.oneof(value, fc.anything()), (anything) => {
      const parsed = parseManifest(anything);
      if ('manifest' in parsed) return true;
      return parsed.problems.length > 0 && parsed.problems.every((problem) => !problem.includes('\n'));
    }),
  );
  t.pass();
});

test.serial('durations are read in their units and nothing else is', (t) => {
  t.is(parseDuration('500ms'), 500);
  t.is(parseDuration('5s'), 5000);
  t.is(parseDuration('2m'), 120_000);
  t.is(parseDuration('1h'), 3_600_000);
  t.is(parseDuration('0.5s'), 500);
  for (const text of ['', '5', '5 s', '-5s', '5sec', 's', '1e3s', '5S']) t.is(parseDuration(text), undefined);
});

test.serial(
  'secrets are a list of names, or say how each is given; a value written there is not repeated',
  (t) => {
    const parse = (secrets: unknown, more = {}) => parseManifest({ name: 'a', secrets, ...more });
    t.like(parse(['A', 'B']), { manifest: { secrets: { A: {}, B: {} } } });
    t.deepEqual(parse({ A: 'env', B: 'file', C: { as: 'file', from: '/etc/c' }, D: { from: '/d' } }), {
      manifest: {
        name: 'a',
        secrets: { A: {}, B: { as: 'file' }, C: { as: 'file', from: '/etc/c' }, D: { from: '/d' } },
      },
    });
    const mistakes: readonly (readonly [unknown, RegExp])[] = [
      [{ A: 'hunter2' }, /^secrets: expected env, file, .* for A; values are set with/],
      [{ A: { value: 'hunter2' } }, /^secrets\.A\.value: unknown key$/],
      [{ A: { from: 'etc/hunter2' } }, /for A;/],
      [{ A: { from: '/etc/../hunter2' } }, /for A;/],
      [['hunter-2'], /^secrets: expected names of letters, digits and _/],
      [['HAWSER_A'], /do not begin with HAWSER_$/],
      [{ 'hunter-2': 'env' }, /^secrets: expected names of letters/],
      [['A', 'A'], /^secrets: expected each name once$/],
      ['hunter2', /^secrets: expected a list of names of secrets, or a mapping/],
    ];
    for (const [secrets, expected] of mistakes) {
      const { problems = [] } = { problems: undefined, ...parse(secrets) };
      t.is(problems.length, 1);
      t.regex(problems[0] ?? '', expected);
      t.false(problems[0]?.includes('hunter'), problems[0]);
    }
    const run = { run: ['true'], env: { A: '1' } };
    t.deepEqual(parse(['A'], run), {
      problems: ['secrets: expected another name than A, which is in env too'],
    });
    t.true('manifest' in parse({ A: 'file' }, run));
  },
);
