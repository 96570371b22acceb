import type { Command } from 'commander';
import type { CommandContext } from './command-context.js';

/** How a command is made, once its file is loaded. */
type LoadCommand = () => Promise<(context: CommandContext) => Command>;

/** The commands by what people do with them, as `hawser --help` lists them. Each is loaded when it is needed. */
export const COMMANDS: readonly {
  readonly heading: string;
  readonly commands: Readonly<Record<string, LoadCommand>>;
}[] = [
  {
    heading: 'Set up:',
    commands: {
      demo: async () => (await import('./commands/demo.js')).demoCommand,
      lab: async () => (await import('./commands/lab/lab.js')).labCommand,
      up: async () => (await import('./commands/setup/up.js')).upCommand,
      down: async () => (await import('./commands/setup/down.js')).downCommand,
      upgrade: async () => (await import('./commands/setup/upgrade.js')).upgradeCommand,
      init: async () => (await import('./commands/setup/init.js')).initCommand,
      fleet: async () => (await import('./commands/setup/fleet.js')).fleetCommand,
      run: async () => (await import('./commands/run.js')).runCommand,
      trust: async () => (await import('./commands/setup/trust.js')).trustCommand,
      config: async () => (await import('./commands/setup/config.js')).configCommand,
      completion: async () => (await import('./commands/setup/completion.js')).completionCommand,
    },
  },
  {
    heading: 'Deploy:',
    commands: {
      deploy: async () => (await import('./commands/deploys/deploy.js')).deployCommand,
      deploys: async () => (await import('./commands/deploys/deploys.js')).deploysCommand,
      rollback: async () => (await import('./commands/deploys/change-commands.js')).rollbackCommand,
      apps: async () => (await import('./commands/deploys/apps.js')).appsCommand,
      restart: async () => (await import('./commands/deploys/change-commands.js')).restartCommand,
      remove: async () => (await import('./commands/deploys/change-commands.js')).removeCommand,
      logs: async () => (await import('./commands/logs.js')).logsCommand,
      secret: async () => (await import('./commands/deploys/secret.js')).secretCommand,
    },
  },
  {
    heading: 'Operate:',
    commands: {
      status: async () => (await import('./commands/status.js')).statusCommand,
      top: async () => (await import('./commands/top.js')).topCommand,
      doctor: async () => (await import('./commands/doctor.js')).doctorCommand,
      events: async () => (await import('./commands/events.js')).eventsCommand,
      exec: async () => (await import('./commands/hosts/exec.js')).execCommand,
      ssh: async () => (await import('./commands/hosts/ssh.js')).sshCommand,
      cp: async () => (await import('./commands/hosts/cp.js')).cpCommand,
      forward: async () => (await import('./commands/forward/forward.js')).forwardCommand,
      env: async () => (await import('./commands/forward/env.js')).envCommand,
    },
  },
  {
    heading: 'Share state:',
    commands: {
      str: async () => (await import('./commands/state/str.js')).strCommand,
      map: async () => (await import('./commands/state/map.js')).mapCommand,
      res: async () => (await import('./commands/state/res.js')).resCommand,
      schedule: async () => (await import('./commands/state/schedule.js')).scheduleCommand,
      fs: async () => (await import('./commands/state/fs.js')).fsCommand,
      history: async () => (await import('./commands/state/history.js')).historyCommand,
      diff: async () => (await import('./commands/state/diff.js')).diffCommand,
      undo: async () => (await import('./commands/state/undo.js')).undoCommand,
    },
  },
  {
    heading: 'Manage the etcd cluster:',
    commands: {
      members: async () => (await import('./commands/cluster/members.js')).membersCommand,
      endpoints: async () => (await import('./commands/cluster/endpoints.js')).endpointsCommand,
      size: async () => (await import('./commands/cluster/size.js')).sizeCommand,
      backup: async () => (await import('./commands/cluster/backup.js')).backupCommand,
      restore: async () => (await import('./commands/cluster/restore.js')).restoreCommand,
    },
  },
];

/** Run by other commands over SSH, not by people. */
export const HIDDEN_COMMANDS: Readonly<Record<string, LoadCommand>> = {
  bridge: async () => (await import('./commands/bridge.js')).bridgeCommand,
};
