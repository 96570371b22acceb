import type { Deployment } from '../../../world/deploys/deploy-payload.js';
import { hostStates } from '../../../world/deploys/host-states.js';
import { openLiveView } from '../../output/screen/live-view.js';
import { DeployClock } from './deploy-clock.js';
import { drawDeploy } from './draw-deploy.js';
import type { DeployProgress } from './wait-for-deploy.js';

/** A deploy on the terminal, kept up to date. */
export interface DeployOnScreen {
  show(progress: DeployProgress): void;
  /** Ends it. @param options.isLeft whether the last that it showed stays on the screen */
  close(options: { readonly isLeft: boolean }): void;
}

/** Shows a deploy on the terminal until it is closed; undefined where that cannot be (see {@link openLiveView}). */
export function watchOnScreen(id: number, deployment: Deployment): DeployOnScreen | undefined {
  const clock = new DeployClock(deployment.createdAt, Date.now());
  // Until the first look, nobody is known to live.
  let progress: DeployProgress = { record: undefined, hosts: new Map() };
  const unknown = hostStates(deployment, new Map(), { has: () => true });
  const view = openLiveView({
    draw: (size) => {
      const now = Date.now();
      const { record, hosts } = progress;
      const timed = clock.timed(hosts.size === 0 ? unknown : hosts, now);
      return drawDeploy(
        { id, app: deployment.name, hosts: timed, record, elapsedMs: clock.elapsedMs(now) },
        size,
      );
    },
  });
  return (
    view && {
      show: (next) => {
        progress = next;
        clock.look(next, Date.now());
        view.changed();
      },
      close: (options) => view.close(options),
    }
  );
}
