import test from 'ava';
import { readYamlText } from '../../../cli/fleet/yaml-document.js';
import { manifestJsonSchema } from '../../../cli/manifest/manifest-json-schema.js';
import { APP_KEYS, parseManifest } from '../../../cli/manifest/parse-hawser-yaml.js';
import type { Manifest } from '../../../world/index.js';

function read(text: string): ReturnType<typeof parseManifest> {
  const { value, placeOf } = readYamlText('hawser.yaml', text);
  return parseManifest(value, placeOf);
}

const whole = `
name: shop
hosts: [web*, "role=web"]
fleet: prod
processes:
  web:
    run: [node, web.mjs]
    listen: 0.0.0.0:8080
    health: {http: "http://127.0.0.1:8080/", successes: 3, try-timeout: 4s, answered-by: anyone}
    switch: overlap
    stop-grace: 30s
    env: {ROLE: web}
  worker:
    run: [./worker]
    switch: stop-first
settle: 2s
user: shop
group: 1001
env: {PIN: "0123", DEBUG: true}
secrets: [DB_PASSWORD]
shared: [uploads, var/cache]
exclude: ["*.log", "!keep.log"]
hooks:
  prepare: [npm, ci]
  once: {run: [./migrate], timeout: 15m}
  verify: [./smoke]
  stop: [./drain]
rollout: {batch: 25%, canary: 1, pause: 30s, max-failures: 2, timeout: 20m, on-failure: pause, confirm: 60s}
keep: 3
limits: {memory: 512MiB, cpu: 0.5, files: 4096}
`;

test('a manifest with every key is read', (t) => {
  const manifest: Manifest = {
    name: 'shop',
    hosts: 'web*,role=web',
    processes: {
      web: {
        run: ['node', 'web.mjs'],
        env: { ROLE: 'web' },
        health: {
          ...{ kind: 'http', url: 'http://127.0.0.1:8080/', timeoutMs: 30_000, intervalMs: 500 },
          ...{ tryMs: 4000, successes: 3, answeredBy: 'anyone' },
        },
        listen: '0.0.0.0:8080',
        switch: 'overlap',
        stopGraceMs: 30_000,
      },
      worker: { run: ['./worker'] },
    },
    settleMs: 2000,
    user: 'shop',
    group: '1001',
    env: { PIN: '0123', DEBUG: 'true' },
    secrets: { DB_PASSWORD: {} },
    shared: ['uploads', 'var/cache'],
    exclude: ['*.log', '!keep.log'],
    hooks: {
      prepare: { run: ['npm', 'ci'] },
      once: { run: ['./migrate'], timeoutMs: 900_000 },
      verify: { run: ['./smoke'] },
      stop: { run: ['./drain'] },
    },
    rollout: {
      ...{ batch: '25%', canary: 1, pauseMs: 30_000, maxFailures: 2, timeoutMs: 1_200_000 },
      ...{ onFailure: 'pause', confirmMs: 60_000 },
    },
    keep: 3,
    limits: { memoryBytes: 512 * 2 ** 20, cpu: 0.5, files: 4096 },
  };
  t.deepEqual(read(whole), { manifest });
  const schedule = 'schedule: {namespace: web, max-count: 2, strategy: spread}';
  t.deepEqual(read(`name: a\n${schedule}`), {
    manifest: { name: 'a', schedule: { namespace: 'web', maxCount: 2, strategy: 'spread' } },
  });
});

const says = test.macro({
  exec(t, text: string, ...expected: string[]) {
    const parsed = read(text);
    const problems = 'problems' in parsed ? parsed.problems : [];
    t.is(problems.length, expected.length, problems.join('\n'));
    for (const [index, start] of expected.entries())
      t.true(problems[index]?.startsWith(start), problems[index]);
  },
  title: (_, text) => `says what is wrong in ${JSON.stringify(text)}`,
});

const inName = 'name: a\n';
test(says, `${inName}roll-out: {}`, 'line 2, column 1: roll-out: unknown key (did you mean "rollout"?)');
test(
  says,
  `${inName}rollout:\n  bach: 1`,
  'line 3, column 3: rollout.bach: unknown key (did you mean "batch"?)',
);
test(
  says,
  `${inName}rollout: {batch: 0}`,
  'line 2, column 11: rollout.batch: expected a number of hosts from 1',
);
test(says, `${inName}rollout: {batch: 120%}`, 'line 2, column 11: rollout.batch: expected a number of hosts');
test(
  says,
  `${inName}rollout: {on-failure: stop}`,
  'line 2, column 11: rollout.on-failure: expected one of rollback',
);
test(
  says,
  `${inName}rollout: {max-failures: -1}`,
  'line 2, column 11: rollout.max-failures: expected a whole number',
);
test(says, `${inName}rollout: {timeout: 10}`, 'line 2, column 11: rollout.timeout: expected a duration');
test(says, `${inName}processes: {}`, 'line 2, column 1: processes: expected at least one process');
test(
  says,
  `${inName}processes: {web: {}}`,
  'line 2, column 13: processes.web: expected a mapping with at least run',
);
test(
  says,
  `${inName}processes: {Web: {run: [a]}}`,
  'line 2, column 13: processes.Web: expected a name of lowercase',
);
test(
  says,
  `${inName}processes: {web: {run: [a], helth: {}}}`,
  'line 2, column 29: processes.web.helth: unknown key (did you mean "health"?)',
);
test(
  says,
  `${inName}run: [a]\nprocesses: {web: {run: [a]}}`,
  'line 2, column 1: run: expected no such key beside processes',
);
test(says, `${inName}listen: 0.0.0.0:80`, 'line 2, column 1: listen: expected run beside it');
for (const listen of ['localhost:80', '8080', ':80', '10.1:80', '0.0.0.0:0', '256.0.0.1:80', '"[::g]:80"'])
  test(says, `${inName}run: [a]\nlisten: ${listen}`, 'line 3, column 1: listen: expected host:port');
test(says, `${inName}user: "a b"`, 'line 2, column 1: user: expected the name of a user or a group');
for (const shared of ['/etc', '../x', 'a/../../b', 'a//b', '""', '.'])
  test(says, `${inName}shared: [${shared}]`, 'line 2, column 10: shared.0: expected the path of a directory');
test(says, `${inName}env: {HAWSER_X: 1}`, 'line 2, column 7: env.HAWSER_X: expected another name');
test(
  says,
  `${inName}hooks: {prepare: npm ci}`,
  'line 2, column 9: hooks.prepare: expected a list of a program',
);
test(
  says,
  `${inName}hooks: {prepar: [a]}`,
  'line 2, column 9: hooks.prepar: unknown key (did you mean "prepare"?)',
);
test(says, `${inName}keep: 0`, 'line 2, column 1: keep: expected a whole number from 1');
test(
  says,
  `${inName}limits: {memory: 512}`,
  'line 2, column 10: limits.memory: expected a size such as 512MiB',
);
test(says, `${inName}limits: {cpus: 1}`, 'line 2, column 10: limits.cpus: unknown key (did you mean "cpu"?)');
test(
  says,
  `${inName}schedule: {namespace: a, strategy: spraed}`,
  'line 2, column 26: schedule.strategy: expected a strategy: rr, alpha, spread or capacity',
);
test(
  says,
  `${inName}schedule: {max-count: 1}`,
  'line 2, column 1: schedule.namespace: expected the name of a schedule',
);

const notYaml = test.macro({
  exec(t, text: string, message: RegExp) {
    t.throws(() => read(text), { message });
  },
  title: (_, text) => `${JSON.stringify(text).slice(0, 40)} is no manifest`,
});
test(notYaml, 'name: a\nname: b', /hawser\.yaml is not YAML: Map keys must be unique/);
test(notYaml, 'name: a\n\trun: [b]', /hawser\.yaml is not YAML: .*tab/i);
const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
for (const [to, from] of ['ba', 'cb', 'dc', 'ed', 'fe'])
  bomb.push(`${to}: &${to} [${`*${from},`.repeat(10)}]`);
test(notYaml, bomb.join('\n'), /hawser\.yaml is not YAML: .*alias/i);

test('a mapping that holds itself is refused, and does not keep us', (t) => {
  t.true('problems' in read('name: a\nenv: &e {A: *e}'));
});

test('what YAML takes for a number keeps its text in variables and arguments', (t) => {
  for (const [given, kept] of [
    ['0123', '0123'],
    ['1e3', '1e3'],
    ['0x10', '0x10'],
    ['1.50', '1.50'],
    ['yes', 'yes'],
  ]) {
    const parsed = read(`name: a\nrun: [x, ${given}]\nenv: {PIN: ${given}}`);
    const manifest = 'manifest' in parsed ? parsed.manifest : undefined;
    t.is(manifest?.env?.['PIN'], kept, given);
    t.deepEqual(manifest?.processes?.['main']?.run, ['x', kept], given);
  }
});

test('the JSON Schema knows every key, and no other', (t) => {
  const { properties, additionalProperties } = manifestJsonSchema() as {
    properties: Record<string, { description?: string }>;
    additionalProperties: boolean;
  };
  t.false(additionalProperties);
  for (const key of APP_KEYS) t.truthy(properties[key]?.description, key);
});
