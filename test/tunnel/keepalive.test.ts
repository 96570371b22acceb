import test from 'ava';
import { Keepalive } from '../../tunnel/keepalive.js';

/** A keepalive that looks at clocks which the test moves on. */
class Watched implements Disposable {
  probes = 0;
  deaths = 0;
  readonly keepalive: Keepalive;
  #monotonicMs = 0;
  #wallMs = 0;
  readonly #looks: (() => void)[] = [];

  constructor({ intervalMs = 2_000, countMax = 3 } = {}) {
    this.keepalive = new Keepalive({
      intervalMs,
      countMax,
      probe: () => {
        this.probes += 1;
      },
      onSilent: () => {
        this.deaths += 1;
      },
      clock: {
        monotonicMs: () => this.#monotonicMs,
        wallMs: () => this.#wallMs,
        every: (_, look) => {
          this.#looks.push(look);
          return () => this.#looks.splice(0);
        },
      },
    });
  }

  /** Time passes, with a look at the clocks each second. */
  wait(seconds: number): void {
    for (let second = 0; second < seconds; second += 1) this.#pass(1_000, 1_000);
  }

  sleep(seconds: number): void {
    this.#pass(1_000, 1_000 + seconds * 1_000);
  }

  /** Our own process stands still. */
  stall(seconds: number): void {
    this.#pass(seconds * 1_000, seconds * 1_000);
  }

  [Symbol.dispose](): void {
    this.keepalive.close();
  }

  #pass(monotonicMs: number, wallMs: number): void {
    this.#monotonicMs += monotonicMs;
    this.#wallMs += wallMs;
    for (const look of [...this.#looks]) look();
  }
}

test('A silent peer is probed and counts as dead after 8 s by default', (t) => {
  using watched = new Watched();
  watched.wait(7);
  t.is(watched.probes, 3);
  t.is(watched.deaths, 0);
  watched.wait(1);
  t.is(watched.deaths, 1);
  watched.wait(20);
  t.is(watched.deaths, 1);
});

test('While data comes nothing is probed, whether or not probes are answered', (t) => {
  using watched = new Watched();
  for (let second = 0; second < 60; second += 1) {
    watched.keepalive.heard();
    watched.wait(1);
  }
  t.is(watched.probes, 0);
});

test('Any sign of life makes up for probes that were not answered', (t) => {
  using watched = new Watched();
  for (let round = 0; round < 5; round += 1) {
    watched.wait(7);
    watched.keepalive.heard();
  }
  t.is(watched.deaths, 0);
});

test('After sleep the peer is probed at once and given up after 3 s', (t) => {
  using watched = new Watched();
  watched.keepalive.heard();
  watched.sleep(3_600);
  t.is(watched.probes, 1);
  watched.wait(2);
  t.is(watched.deaths, 0);
  watched.wait(1);
  t.is(watched.deaths, 1);
});

test('A peer that answers after sleep is kept', (t) => {
  using watched = new Watched();
  watched.sleep(3_600);
  watched.keepalive.heard();
  watched.wait(7);
  t.is(watched.deaths, 0);
});

test('Time in which this process stood still does not count as silence of the peer', (t) => {
  using watched = new Watched();
  watched.wait(7);
  watched.stall(30);
  t.is(watched.deaths, 0);
  watched.wait(2);
  t.is(watched.deaths, 1);
});

test('A closed keepalive looks no more', (t) => {
  const watched = new Watched();
  watched.keepalive.close();
  watched.wait(20);
  t.is(watched.probes, 0);
});
