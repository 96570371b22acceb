import type { OutputOptions } from './print.js';
import { TransferProgress, type Transferred } from './transfer-progress.js';
import { isStatusSeen, writeStatus } from './write-output.js';

/** How often the line is drawn again while nothing is heard of the transfer. */
const REDRAW_MS = 500;

/** A transfer that is shown until this is disposed. */
export interface TransferShown extends Disposable {
  readonly show: (transferred: Transferred) => void;
}

/** Shows how a transfer goes, on a terminal only. @param name of the line among others @param label what is done */
export function showTransfer(name: string, label: string, options: OutputOptions): TransferShown {
  if (!isStatusSeen() || options.json) return { show: () => undefined, [Symbol.dispose]: () => undefined };
  const progress = new TransferProgress(label);
  const draw = (): void => writeStatus(name, progress.line(performance.now()));
  const timer = setInterval(draw, REDRAW_MS);
  timer.unref();
  return {
    show: (transferred) => {
      progress.note(transferred, performance.now());
      draw();
    },
    [Symbol.dispose]: () => {
      clearInterval(timer);
      writeStatus(name, undefined);
    },
  };
}
