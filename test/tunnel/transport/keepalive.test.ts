import test from 'ava';
import { Keepalive } from '../../../tunnel/transport/liveness/keepalive.js';
import { MovableClock } from '../helpers/movable-clock.js';

/** A keepalive that looks at a clock which the test moves on. */
class Watched extends MovableClock implements Disposable {
  introductions = 0;
  probes = 0;
  deaths = 0;
  readonly doubts: boolean[] = [];
  readonly keepalive: Keepalive;

  constructor(isTelling = true) {
    super();
    this.keepalive = new Keepalive({
      intervalMs: 2_000,
      countMax: 3,
      firstProbe: () => {
        this.introductions += 1;
      },
      isConclusive: () => isTelling,
      probe: () => {
        this.probes += 1;
      },
      onDoubt: (isInDoubt) => this.doubts.push(isInDoubt),
      onSilent: () => {
        this.deaths += 1;
      },
      clock: this,
    });
  }

  [Symbol.dispose](): void {
    this.keepalive.close();
  }
}

test.serial('a silent peer is probed and counts as dead after 8 s by default', (t) => {
  using watched = new Watched();
  watched.wait(7);
  t.is(watched.probes, 3);
  t.is(watched.deaths, 0);
  watched.wait(1);
  t.is(watched.deaths, 1);
  watched.wait(20);
  t.is(watched.deaths, 1);
});

test.serial('while data comes nothing is probed, whether or not probes are answered', (t) => {
  using watched = new Watched();
  for (let second = 0; second < 60; second += 1) {
    watched.keepalive.heard();
    watched.wait(1);
  }
  t.is(watched.probes, 0);
});

test.serial('any sign of life makes up for probes that were not answered', (t) => {
  using watched = new Watched();
  for (let round = 0; round < 5; round += 1) {
    watched.wait(7);
    watched.keepalive.heard();
  }
  t.is(watched.deaths, 0);
});

test.serial('a peer is in doubt once it left a probe unanswered, until it is heard', (t) => {
  using watched = new Watched();
  watched.wait(3);
  watched.keepalive.heard();
  watched.wait(3);
  t.deepEqual(watched.doubts, []);
  watched.wait(1);
  t.deepEqual(watched.doubts, [true]);
  watched.wait(2);
  watched.keepalive.heard();
  watched.keepalive.heard();
  t.deepEqual(watched.doubts, [true, false]);
});

test.serial('after sleep the peer is in doubt at once', (t) => {
  using watched = new Watched();
  watched.sleep(3_600);
  t.deepEqual(watched.doubts, [true]);
});

test.serial('after sleep the peer is probed at once and given up after 3 s', (t) => {
  using watched = new Watched();
  watched.keepalive.heard();
  watched.sleep(3_600);
  t.is(watched.probes, 1);
  watched.wait(2);
  t.is(watched.deaths, 0);
  watched.wait(1);
  t.is(watched.deaths, 1);
});

test.serial('a peer that answers after sleep is kept', (t) => {
  using watched = new Watched();
  watched.sleep(3_600);
  watched.keepalive.heard();
  watched.wait(7);
  t.is(watched.deaths, 0);
});

test.serial('time in which this process stood still does not count as silence of the peer', (t) => {
  using watched = new Watched();
  watched.wait(7);
  watched.stall(30);
  t.is(watched.deaths, 0);
  watched.wait(2);
  t.is(watched.deaths, 1);
});

test.serial('a closed keepalive looks no more', (t) => {
  const watched = new Watched();
  watched.keepalive.close();
  watched.wait(20);
  t.is(watched.probes, 0);
});

test.serial('a peer whose silence says nothing is asked again and again, and left alone', (t) => {
  using watched = new Watched(false);
  watched.wait(60);
  watched.sleep(3_600);
  watched.wait(10);
  t.true(watched.probes > 20);
  t.deepEqual(watched.doubts, []);
  t.is(watched.deaths, 0);
});

test.serial('a peer is asked once soon after the beginning, whatever it sends', (t) => {
  using watched = new Watched();
  for (let second = 0; second < 5; second += 1) {
    watched.keepalive.heard();
    watched.wait(1);
  }
  t.is(watched.introductions, 1);
  t.is(watched.probes, 0);
});
