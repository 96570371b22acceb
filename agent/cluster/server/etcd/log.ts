/** One line of etcd's log, or of a Go program that panics: that is no JSON and has no level. */
interface LogLine {
  readonly level: string;
  readonly text: string;
}

/** What etcd says at each start and nobody can act on. */
const USUAL_LINES =
  /Running http and grpc server on single port|simple token is not cryptographically signed/;

const MAX_LINES = 5;

/**
 * What a failed etcd had to say, for a person: the last warnings and errors as `message: error`, without the frames of
 * the ways they took through etcd; where there are none, the last messages of whatever level.
 */
export function tellingLines(log: string): string[] {
  const lines = parseLog(log).filter(({ text }) => !USUAL_LINES.test(text));
  const severe = lines.filter(({ level }) => level !== 'info' && level !== 'debug');
  const all = (severe.length > 0 ? severe : lines).map(({ text }) => text);
  // A panic repeats the message that etcd has logged, without the error.
  const told = all.filter((text) => !all.some((other) => text === `panic: ${other.split(': ')[0]}`));
  return [...new Set(told)].slice(-MAX_LINES);
}

/** What etcd gave as the reason of its end: fatal lines, panics and faults; the last one last. */
export function finalWords(log: string): string[] {
  return parseLog(log)
    .filter(({ level }) => ['fatal', 'panic', 'raw'].includes(level))
    .map(({ text }) => text);
}

function parseLog(log: string): LogLine[] {
  return log.split('\n').flatMap((line) => {
    if (line.startsWith('{')) return parseJson(line);
    return isStatement(line) ? [{ level: 'raw', text: line.trim() }] : [];
  });
}

/** The frames below a panic are for the developers of etcd. */
function isStatement(line: string): boolean {
  return (
    /^(panic:|fatal error:|unexpected fault|\[signal|etcd: |setpriv: |.*\b(error|failed|flag|unknown)\b)/i.test(
      line,
    ) && !/^\s|^goroutine |^created by |\.go:\d+/.test(line)
  );
}

function parseJson(line: string): LogLine[] {
  try {
    const { level, msg, error } = JSON.parse(line) as Record<string, unknown>;
    const text = [msg, error].filter((part) => typeof part === 'string' && part !== '').join(': ');
    return text === '' ? [] : [{ level: String(level), text }];
  } catch {
    return []; // the first line of a tail, or one that a full disk cut off
  }
}
