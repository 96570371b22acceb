/**
 * Whether a command printed what a page shows, with columns of any width. `…` stands for anything within a line, and alone on a line for any number of
 * lines; answers to questions are not compared, since nobody is asked.
 */
export function matchesOutput(output: string, shown: string): boolean {
  const lines = shown
    .split('\n')
    .filter((line) => !/^[✔?] /.test(line))
    .map((line) => line.trimEnd());
  while (lines.at(-1) === '') lines.pop();
  const pattern = lines
    .map((line) => (line.trim() === '…' ? '(?:.*\\n)*' : `${lineOf(line)}[ \\t]*\\n`))
    .join('');
  return new RegExp(`^${pattern}$`).test(`${output.trimEnd()}\n`.replace(/^\n$/, ''));
}

function lineOf(line: string): string {
  return line
    .split('…')
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replace(/[ \t]+/g, '[ \\t]+'))
    .join('.*');
}
