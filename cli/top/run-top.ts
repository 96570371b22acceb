import type { Log } from '../../base/log.js';
import type { ClientWorld } from '../../world/client-world.js';
import type { ReadCall } from '../deploy/read-deploys.js';
import { CliError } from '../errors.js';
import { openLiveView } from '../output/screen/live-view.js';
import { printStates } from '../output/show-or-watch.js';
import { screenSize } from '../output/write-output.js';
import { drawTop } from './draw-top.js';
import { followFleet, type WatchedFleet } from './follow-fleet.js';
import { FIRST_STATE, reduceKey } from './top-state.js';

/** Prints the fleet as JSON, an object a line, at each change. */
export async function printTop(world: ClientWorld, call: ReadCall, log: Log): Promise<void> {
  const show = (value: WatchedFleet) => ({ value, text: '' });
  await printStates({ json: true, verbose: false }, followFleet(world, call, log), show);
}

/**
 * Shows the fleet on the terminal until the person leaves.
 *
 * @throws CliError `usage` where nothing can be drawn; WorldError as {@link followFleet}
 */
export async function showTop(world: ClientWorld, call: ReadCall, log: Log): Promise<void> {
  const left = new AbortController();
  const signal = AbortSignal.any([call.signal, left.signal]);
  let state = FIRST_STATE;
  let fleet: WatchedFleet | undefined;
  let view: ReturnType<typeof openLiveView>;
  const open = (first: WatchedFleet) =>
    openLiveView({
      isFullScreen: true,
      draw: (size) => drawTop(fleet ?? first, state, size).lines,
      onKey: (key) => {
        state = reduceKey(state, key, drawTop(fleet ?? first, state, screenSize()));
        if (state.isLeaving) left.abort();
        else view?.changed();
      },
    });
  try {
    // Questions about the connection come before the first look.
    for await (const next of followFleet(world, { ...call, signal }, log)) {
      fleet = next;
      view ??= open(next) ?? noScreen();
      view.changed();
    }
  } finally {
    view?.close();
  }
}

/** @throws CliError `usage` where there is no terminal to draw on and to type at */
export function requireScreen(): void {
  const { stdin, stdout, stderr } = process;
  const isTerminal = stdin.isTTY === true && stdout.isTTY === true && stderr.isTTY === true;
  if (!isTerminal || process.env['TERM'] === 'dumb') noScreen();
}

function noScreen(): never {
  const message =
    'top needs a terminal for its keys and its screen: "hawser status" prints the fleet as it is, "hawser top --json" a line at each change.';
  throw new CliError('usage', message);
}
