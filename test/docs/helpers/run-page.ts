import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { DocumentationPage } from './documentation.js';
import { matchesOutput } from './match-output.js';
import { type Block, type Command, commandsOf } from './parse-page.js';
import type { Ran, ShellSession } from './shell-session.js';

/**
 * Does what a page says, from its top to its end.
 * @returns how many commands it ran
 * @throws Error naming page and line where something goes another way than the page says
 */
export async function runPage({ file, items }: DocumentationPage, shell: ShellSession): Promise<number> {
  let commands = 0;
  for (const item of items) {
    if (item.kind === 'hidden') {
      const { output, code } = await shell.run(item.command);
      if (code !== 0)
        throw new Error(`${file}:${item.line}: ${item.command}\nended with ${code}:\n${output}`);
    } else if (item.marks.has('file')) {
      await writeBlock(item, shell);
    } else if (!item.marks.has('not run')) {
      const all = commandsOf(item);
      commands += all.length;
      for (const command of all)
        await runCommand({ file, block: item, command, isLast: command === all.at(-1) }, shell);
    }
  }
  return commands;
}

async function writeBlock({ text, marks }: Block, shell: ShellSession): Promise<void> {
  const { output: cwd } = await shell.run('printf %s "$PWD"');
  const target = path.resolve(cwd, marks.get('file') ?? '');
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, text);
}

interface Step {
  readonly file: string;
  readonly block: Block;
  readonly command: Command;
  readonly isLast: boolean;
}

async function runCommand(step: Step, shell: ShellSession): Promise<void> {
  const { file, block, command, isLast } = step;
  const { output, code } = await runOnce(block, command, isLast, shell);
  const place = `${file}:${command.line}: ${command.command}`;
  const awaited =
    isLast && block.marks.has('interrupt') ? code : Number((isLast && block.marks.get('exits')) || 0);
  if (code !== awaited) throw new Error(`${place}\nended with ${code} and not ${awaited}:\n${output}`);
  if (command.expected !== undefined && !matchesOutput(output, command.expected))
    throw new Error(`${place}\nprinted:\n${output}\nand not:\n${command.expected}`);
}

function runOnce(block: Block, { command }: Command, isLast: boolean, shell: ShellSession): Promise<Ran> {
  const text = block.marks.get('interrupt');
  if (isLast && text !== undefined) return shell.interrupt(command, text);
  return shell.run(command, { answersYes: block.marks.has('answer') });
}
