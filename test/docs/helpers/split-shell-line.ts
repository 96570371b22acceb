/** The command lines of a piece of shell script, each as the words of one program, without what the shell itself does. */
function splitShellLine(script: string): string[][] {
  const lines: string[][] = [];
  let words: string[] = [];
  const rest = withoutHeredocs(script).matchAll(
    /(\\\n)|#[^\n]*(?=\n|$)|([\n;|&()]+)|(\d*[<>]+&?\s*[^\s;|&]*)|((?:\$\((?:[^()]|\([^()]*\))*\)|'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\;|&()<>])+)/g,
  );
  for (const [, , end, , word] of rest) {
    if (end !== undefined) {
      if (words.length > 0) lines.push(words);
      words = [];
    } else if (word !== undefined) {
      for (const inner of word.matchAll(/\$\(((?:[^()]|\([^()]*\))*)\)/g))
        lines.push(...splitShellLine(inner[1] ?? ''));
      words.push(unquoted(word));
    }
  }
  if (words.length > 0) lines.push(words);
  return lines;
}

function withoutHeredocs(script: string): string {
  return script.replace(/(<<-?\s*['"]?(\w+)['"]?[^\n]*\n)[\s\S]*?\n\s*\2(?=\n|$)/g, '$1');
}

function unquoted(word: string): string {
  return word.replace(
    /'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/g,
    (_, single?: string, double?: string, escaped?: string) => {
      return single ?? double?.replace(/\\(["$`\\])/g, '$1') ?? escaped ?? '';
    },
  );
}

const ASSIGNMENT = /^[A-Za-z_]\w*=/;
const PREFIXES = [
  'sudo',
  'npx',
  'time',
  'exec',
  'command',
  '!',
  'do',
  'then',
  'else',
  'if',
  'while',
  'until',
];

/** The arguments of each `hawser` in a piece of shell script. */
export function hawserCalls(script: string): string[][] {
  return splitShellLine(script).flatMap((words) => {
    const start = words.findIndex((word) => !ASSIGNMENT.test(word) && !PREFIXES.includes(word));
    return words[start] === 'hawser' ? [words.slice(start + 1)] : [];
  });
}
