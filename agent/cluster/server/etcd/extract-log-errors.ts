/** One line of etcd's log, or of a panic in a Go program, which is not JSON and has no level. */
interface LogLine {
  readonly level: string;
  readonly text: string;
}

/** Warnings that etcd logs at every start and that need no action. */
const USUAL_LINES =
  /Running http and grpc server on single port|simple token is not cryptographically signed/;

const MAX_LINES = 5;

/**
 * Why etcd failed, for people: the last warnings and errors as `message: error`, without stack frames; if there are
 * none, the last messages of any level.
 */
export function extractLogErrors(log: string): string[] {
  const lines = parseLog(log).filter(({ text }) => !USUAL_LINES.test(text));
  const severe = lines.filter(({ level }) => level !== 'info' && level !== 'debug');
  const all = (severe.length > 0 ? severe : lines).map(({ text }) => text);
  // A panic repeats the message that etcd has logged, without the error.
  const told = all.filter((text) => !all.some((other) => text === `panic: ${other.split(': ')[0]}`));
  return [...new Set(told)].slice(-MAX_LINES);
}

/** Why etcd exited: fatal lines, panics and faults, in order. */
export function extractFatalErrors(log: string): string[] {
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
