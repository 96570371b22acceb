import { Argument, Command } from 'commander';
import { COMPLETION_SHELLS, type CompletionShell, completionScript } from '../../completion/shell-scripts.js';
import { withOutput } from '../../fleet/connection-flags.js';
import { lines, type OutputOptions, printResult } from '../../output/print.js';

/** `hawser completion`: the script with which a shell completes command lines. */
export function completionCommand(): Command {
  return withOutput(
    new Command('completion'),
    'hawser completion bash > ~/.local/share/bash-completion/completions/hawser',
  )
    .description('print a script that completes commands, options, hosts, apps and fleets at TAB')
    .addArgument(new Argument('<shell>', 'the shell to complete in').choices(COMPLETION_SHELLS))
    .action((shell: CompletionShell, flags: OutputOptions) => {
      const script = completionScript(shell);
      printResult(flags, { script }, lines(script.trimEnd().split('\n')));
    });
}
