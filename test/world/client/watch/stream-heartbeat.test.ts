import { mock } from 'node:test';
import test from 'ava';
import { StreamHeartbeat } from '../../../../world/client/watch/stream-heartbeat.js';

/** A stream that is watched, in a time of its own. */
class Scene {
  readonly said: string[] = [];
  proof = { atMs: 0, untilMs: 0 };
  readonly heartbeat: StreamHeartbeat;
  #nowMs = 0;

  constructor() {
    this.heartbeat = new StreamHeartbeat({
      timeouts: { idleMs: 2_000, answerMs: 6_000 },
      probe: () => {
        this.said.push(`probe ${this.#nowMs}`);
        this.heartbeat.expect();
      },
      giveUp: () => this.said.push(`give up ${this.#nowMs}`),
      proof: () => this.proof,
      now: () => this.#nowMs,
    });
    this.heartbeat.heard(false);
  }

  /** @param each what happens in each millisecond */
  pass(ms: number, each: (nowMs: number) => void = () => undefined): void {
    for (const until = this.#nowMs + ms; this.#nowMs < until; ) {
      this.#nowMs += 1;
      mock.timers.tick(1);
      each(this.#nowMs);
    }
  }

  /** A lease is renewed on the same connection each third of its ten seconds. */
  renew(nowMs: number): void {
    if (nowMs % 3_333 === 0) this.proof = { atMs: nowMs, untilMs: nowMs + 4_333 };
  }
}

test.before(() => mock.timers.enable({ apis: ['setTimeout'] }));
test.after.always(() => mock.timers.reset());

test.serial('a silent stream is probed after its idle time, and left when nothing answers', (t) => {
  const scene = new Scene();
  scene.pass(20_000);
  t.deepEqual(scene.said, ['probe 2000', 'give up 8000']);
});

test.serial('while answers to others show that the connection lives, it is probed once a minute', (t) => {
  const scene = new Scene();
  scene.proof = { atMs: 0, untilMs: 4_333 };
  scene.pass(59_999, (nowMs) => scene.renew(nowMs));
  t.deepEqual(scene.said, []);
  scene.pass(1, (nowMs) => scene.renew(nowMs));
  t.deepEqual(scene.said, ['probe 60000']);
  scene.heartbeat.heard(false);
  scene.pass(59_999, (nowMs) => scene.renew(nowMs));
  t.is(scene.said.length, 1);
});

test.serial('when those answers cease, the server is left as soon after the last as without them', (t) => {
  const scene = new Scene();
  scene.proof = { atMs: 0, untilMs: 4_333 };
  scene.pass(33_330, (nowMs) => scene.renew(nowMs));
  scene.pass(20_000);
  t.deepEqual(scene.said, [`probe ${33_330 + 4_333}`, `give up ${33_330 + 8_000}`]);
});

test.serial('a stream on which events come needs no probe', (t) => {
  const scene = new Scene();
  scene.pass(20_000, (nowMs) => {
    if (nowMs % 1_000 === 0) scene.heartbeat.heard(false);
  });
  t.deepEqual(scene.said, []);
});
