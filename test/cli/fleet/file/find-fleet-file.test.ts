import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Desk, refused, wentThere, wrongUsage } from '../../helpers/desk.js';
import { hawser, type Result } from '../../helpers/hawser.js';

/** A person who knows fleets; nothing listens at any, and the error tells them apart by the port. */
async function knowing(t: ExecutionContext, fleets: Readonly<Record<string, number>>): Promise<Desk> {
  const desk = await Desk.make(t, 'name: app\n');
  const folder = path.join(desk.home, '.config', 'hawser', 'fleets');
  await mkdir(folder, { recursive: true });
  for (const [name, port] of Object.entries(fleets)) {
    await writeFile(path.join(folder, `${name}.yaml`), `ssh-url: root@127.0.0.1:${port}\n`);
  }
  return desk;
}

function wentTo(t: ExecutionContext, port: number, { code, stderr }: Result, why = ''): void {
  t.is(code, wentThere, `${why} ${stderr}`);
  t.true(stderr.includes(`root@127.0.0.1:${port}:`), stderr);
}

const deploy = ['deploy', '.', '--no-git', '--yes'];

test.serial('a fleet is chosen by flag, by variable, or because it is the only one', async (t) => {
  const desk = await knowing(t, { prod: 1 });
  wentTo(t, 1, await desk.status());
  const direct = await desk.status('--seeds', 'http://127.0.0.1:1');
  t.is(direct.code, wentThere, direct.stderr);
  t.notRegex(direct.stderr, /root@/, 'whoever says where to go does not mean the only fleet');
  const own = path.join(desk.home, '.config', 'hawser', 'fleets');
  await writeFile(path.join(own, 'test.yaml'), 'ssh-url: root@127.0.0.1:2\n');
  wentTo(t, 2, await desk.status('--fleet', 'test'));
  const env = { ...desk.env, HAWSER_FLEET: 'test' };
  wentTo(t, 2, await hawser(['status'], { cwd: desk.folder, env }));
  wentTo(t, 1, await hawser(['status', '--fleet', 'prod'], { cwd: desk.folder, env }));
  wentTo(t, 2, await desk.status('--fleet', path.join(own, 'test.yaml')));
  wentTo(t, 3, await desk.status('--fleet', 'test', '--ssh-url', 'root@127.0.0.1:3'));
  const neither = await desk.status();
  t.is(neither.code, wrongUsage, 'nothing says which of the two');
  const unknown = await desk.status('--fleet', 'prdo');
  t.is(unknown.code, wrongUsage);
  t.regex(
    unknown.stderr,
    /No fleet named prdo is known here \(did you mean "prod"\?\)\. Known fleets: prod, test\./,
  );
  t.is((await desk.status('--fleet', 'test', '--config', 'hawser.yaml')).code, wrongUsage);
});

test.serial('an app goes to the fleet that it names, whatever else is configured', async (t) => {
  const desk = await knowing(t, { prod: 1, test: 2 });
  await writeFile(path.join(desk.home, '.config', 'hawser', 'hawser.yaml'), 'ssh-url: root@127.0.0.1:4\n');
  await desk.write('name: app\nfleet: test\n');
  wentTo(t, 2, await desk.hawser(deploy));
  wentTo(t, 2, await desk.hawser(['deploy', desk.folder, '--no-git', '--yes'], desk.home));
  wentTo(t, 4, await desk.status());
  wentTo(t, 1, await desk.hawser([...deploy, '--fleet', 'prod']));
  await desk.write('name: app\nfleet: test\nssh-url: root@127.0.0.1:5\n');
  const both = await desk.hawser(deploy);
  t.is(both.code, wrongUsage);
  t.regex(both.stderr, /remove one of the two/);
});

test.serial('the chosen fleet counts before the own file, and after all that says more', async (t) => {
  const desk = await knowing(t, { prod: 1, test: 2, spare: 3 });
  const own = path.join(desk.home, '.config', 'hawser');
  const several = await desk.status();
  t.is(several.code, wrongUsage);
  t.regex(several.stderr, /Several fleets are known here: prod, spare, test\./);
  await writeFile(path.join(own, 'hawser.yaml'), 'ssh-url: root@127.0.0.1:4\n');
  wentTo(t, 4, await desk.status());
  const chosen = await desk.hawser(['fleet', 'use', 'test']);
  t.is(chosen.code, 0, chosen.stderr);
  wentTo(t, 2, await desk.status());
  wentTo(t, 1, await desk.status('--fleet', 'prod'));
  wentTo(t, 1, await hawser(['status'], { cwd: desk.folder, env: { ...desk.env, HAWSER_FLEET: 'prod' } }));
  await desk.write('name: app\nfleet: spare\n');
  wentTo(t, 3, await desk.hawser(deploy));
  wentTo(t, 2, await desk.status(), 'an app names its fleet for its own commands only');
  wentTo(t, 5, await desk.status('--ssh-url', 'root@127.0.0.1:5'));
  await rm(path.join(own, 'fleets', 'test.yaml'));
  const gone = await desk.status();
  t.is(gone.code, wrongUsage);
  t.regex(gone.stderr, /The fleet test, chosen with "hawser fleet use", is not known here any more/);
  await chmod(path.join(own, 'fleets', '.chosen'), 0o666);
  t.is((await desk.status()).code, refused);
});

test.serial('a fleet whose file or directory another user could have written is refused', async (t) => {
  const desk = await knowing(t, { prod: 1 });
  const folder = path.join(desk.home, '.config', 'hawser', 'fleets');
  await chmod(path.join(folder, 'prod.yaml'), 0o666);
  t.is((await desk.status()).code, refused);
  await chmod(path.join(folder, 'prod.yaml'), 0o600);
  wentTo(t, 1, await desk.status());
  await chmod(folder, 0o777);
  t.is((await desk.status()).code, refused);
});
