import { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { RemoteCommand } from '../../tunnel/exec/remote-command.js';
import { shellCommand } from '../../tunnel/exec/shell-command.js';
import type { Tunnel } from '../../tunnel/tunnel.js';

/** Connects to the socket that it is given and copies both ways, with what an agent's host has: its node, or Python. */
const SCRIPT = `
if command -v node >/dev/null 2>&1; then
  exec node -e 'const s = require("net").connect(process.argv[1]); s.on("error", (e) => { console.error(e.message); process.exit(1); }); process.stdin.pipe(s); s.pipe(process.stdout)' "$1"
fi
exec python3 -c '
import socket, sys, threading
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
def send():
    while data := sys.stdin.buffer.read1(65536): s.sendall(data)
    s.shutdown(socket.SHUT_WR)
threading.Thread(target=send, daemon=True).start()
while data := s.recv(65536): sys.stdout.buffer.write(data); sys.stdout.buffer.flush()
' "$1"
`;

/** How much of what sudo and the script say is kept, for the error. */
const MOST_WORDS = 500;

/**
 * A connection to a unix socket on the host that only root can open, through a command that sudo runs without asking for
 * a password. It ends with an error that holds the words of sudo where that does not work.
 */
export async function connectBySudo(
  tunnel: Tunnel,
  socketPath: string,
  signal: AbortSignal,
): Promise<Duplex> {
  const argv = ['sudo', '-n', '--', 'sh', '-c', SCRIPT, 'sh', socketPath] as const;
  const command = await tunnel.exec(shellCommand(argv), { signal });
  return pipeOf(command);
}

/** What the command reads and writes; where it fails, its words are the error, before the end that comes with it. */
function pipeOf(command: RemoteCommand): Duplex {
  const { stdin, stdout, stderr, exit } = command;
  const words = text(stderr).catch(() => '');
  const pipe = new Duplex({
    read: () => void stdout.resume(),
    write: (chunk, _encoding, done) => void stdin.write(chunk, () => done()),
    final: (done) => void stdin.end(() => done()),
    destroy: (error, done) => {
      void command.close();
      done(error);
    },
  });
  stdin.on('error', () => undefined);
  stdout.on('error', () => undefined);
  stdout.on('data', (chunk) => {
    if (!pipe.push(chunk)) stdout.pause();
  });
  exit.then(
    async ({ code }) => {
      if (code === 0) pipe.push(null);
      else pipe.destroy(new Error((await words).trim().slice(0, MOST_WORDS) || 'sudo failed'));
    },
    (error: unknown) => pipe.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return pipe;
}
