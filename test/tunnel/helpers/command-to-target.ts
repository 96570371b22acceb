import type { CommandTarget } from '../../../tunnel/index.js';
import { shellCommand } from '../../../tunnel/index.js';

/** Connects to a port of this machine, greets, and copies both ways with half-closes, as a bridge on a host does. */
const BRIDGE = `
const { connect } = require('node:net');
const socket = connect({ host: '127.0.0.1', port: Number(process.argv[1]), allowHalfOpen: true });
socket.on('error', (error) => { console.error('cannot connect: ' + error.code); process.exit(3); });
socket.on('connect', () => {
  process.stdout.write('bridge 1\\n');
  process.stdin.pipe(socket);
  socket.pipe(process.stdout);
});
socket.on('end', () => process.stdout.write('', () => process.exit(0)));
socket.on('close', () => process.stdout.write('', () => process.exit(0)));
`;

/** Like sudo that asks: reads one line of its input, byte by byte, and goes on or asks again. Arguments: password, limit, program. */
const ASKING = `
password=$1 tries=$2; shift 2
while [ "$tries" -gt 0 ]; do
  printf 'password please:' >&2
  IFS= read -r line || { echo 'no password was provided' >&2; exit 1; }
  [ "$line" = "$password" ] && exec "$@"
  echo 'Sorry, try again.' >&2
  tries=$((tries - 1))
done
echo 'too many wrong passwords' >&2
exit 1
`;

/** A command that leads to a port of this machine. */
export function commandTo(port: number, given: Partial<CommandTarget> = {}): CommandTarget {
  return {
    command: shellCommand([process.execPath, '-e', BRIDGE, String(port)]),
    name: 'the bridge',
    greeting: 'bridge 1',
    ...given,
  };
}

/** The same, behind one that asks for a password first. */
export function askingCommandTo(
  port: number,
  password: string,
  answer: NonNullable<CommandTarget['question']>['answer'],
): CommandTarget {
  const command = shellCommand([
    ...(['sh', '-c', ASKING, 'sh', password, '3'] as const),
    ...[process.execPath, '-e', BRIDGE, String(port)],
  ]);
  return commandTo(port, { command, question: { prompt: 'password please:', answer } });
}
