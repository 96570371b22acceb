import { runCommand } from '../../../../fixtures/fleet/run-command.js';

/** Makes a command one of a user that is nobody's. */
export const STRANGER = [
  'setpriv',
  '--reuid=65534',
  '--regid=65534',
  '--clear-groups',
  '--no-new-privs',
  '--',
] as const;

/** How many there are for the owner, the home included. */
export const DOORS = 16;

/** Arguments: the home, the socket of a forward, its process, the node program. */
const TRY = `
home=$1 socket=$2 pid=$3 node=$4
try() { what=$1; shift; "$@" >/dev/null 2>&1 && echo "$what"; }
try "entered the home" ls "$home"
for folder in .config/hawser .config/hawser/fleets .ssh; do
  try "listed $folder" ls "$home/$folder"
  try "made a file in $folder" touch "$home/$folder/intruder"
done
for file in .config/hawser/fleets/prod.yaml .config/hawser/fleets/prod.key; do
  try "read $file" cat "$home/$file"
  try "changed $file" sh -c ': >>"$1"' sh "$home/$file"
done
try "listed the folder of the socket" ls "\${socket%/*}"
try "made a file beside the socket" touch "\${socket%/*}/intruder"
try "connected to the socket" "$node" -e '
  const socket = require("net").connect(process.argv[1], () => process.exit(0));
  socket.on("error", () => process.exit(1));' "$socket"
try "read the environment" cat "/proc/$pid/environ"
try "listed the open files" ls "/proc/$pid/fd"
rm -f "$home/.config/hawser/intruder" "$home/.config/hawser/fleets/intruder" "$home/.ssh/intruder" "\${socket%/*}/intruder"
:`;

/** What somebody on the laptop gets of the fleet that its owner works with. @param as in front of the command */
export async function tryDoors(
  { home, socket, pid }: { readonly home: string; readonly socket: string; readonly pid: number },
  as: readonly string[],
): Promise<string[]> {
  const script = ['sh', '-c', TRY, 'sh', home, socket, String(pid), process.execPath];
  const [program = 'sh', ...args] = [...as, ...script];
  const { code, stdout, stderr } = await runCommand([program, ...args], { folder: '/' });
  if (code !== 0) throw new Error(`trying the doors failed: ${stderr}`);
  return stdout.split('\n').filter((line) => line !== '');
}
