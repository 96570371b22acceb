import { randomBytes } from 'node:crypto';
import { CliError } from '../../errors.js';
import type { HostShell } from '../host/host-shell.js';
import type { CertifiedKey } from './issue-certificate.js';

/**
 * Puts the three files into a directory of their own and switches a link to it, so that nobody meets a certificate with
 * another one's key: etcd reads them at each handshake. What is not sent stays as it is. Arguments: the name of the set, the
 * directory. It reads `name base64` lines.
 */
const INSTALL = `
set -e
umask 077
folder=$2
mkdir -p "$folder"
chmod 755 "$folder"
cd "$folder"
rm -rf "tls.new.$1"
mkdir "tls.new.$1"
whole=
while read -r name content; do
  case $name in
    end) whole=yes ;;
    ca.crt | host.crt | host.key) printf '%s' "$content" | base64 -d >"tls.new.$1/$name" ;;
  esac
done
# The input also ends where the connection is cut.
[ -n "$whole" ]
for one in ca.crt host.crt host.key; do
  [ -e "tls.new.$1/$one" ] || cp -p "tls/$one" "tls.new.$1/"
done
[ -s "tls.new.$1/ca.crt" ] && [ -s "tls.new.$1/host.crt" ] && [ -s "tls.new.$1/host.key" ]
sync
mv "tls.new.$1" "tls.$1"
ln -sfn "tls.$1" "tls.link.$1"
mv -T "tls.link.$1" tls
sync
for old in tls.*; do [ "$old" = "tls.$1" ] || rm -rf "$old"; done
`;

/** Where the files go, other than in tests. */
const FOLDER = '/etc/hawser';

type Shell = Pick<HostShell, 'name' | 'run'>;

/**
 * Gives a host its certificate, with the key, and those of the authorities. Its etcd uses the former from the next connection on,
 * the latter once it is started again.
 *
 * @param trusted the certificates of the authorities, PEM
 * @throws CliError `failed` where root cannot write there
 */
export function sendCertificates(
  shell: Shell,
  { cert, key }: CertifiedKey,
  trusted: string,
  signal: AbortSignal,
  folder = FOLDER,
): Promise<void> {
  return sendFiles(shell, { 'ca.crt': trusted, 'host.crt': cert, 'host.key': key }, signal, folder);
}

/** Gives a host the certificates of other authorities; its own certificate stays. @throws CliError `failed` */
export function sendTrusted(
  shell: Shell,
  trusted: string,
  signal: AbortSignal,
  folder = FOLDER,
): Promise<void> {
  return sendFiles(shell, { 'ca.crt': trusted }, signal, folder);
}

async function sendFiles(
  shell: Shell,
  files: Readonly<Record<string, string>>,
  signal: AbortSignal,
  folder: string,
): Promise<void> {
  const lines = Object.entries(files).map(
    ([name, content]) => `${name} ${Buffer.from(content).toString('base64')}\n`,
  );
  // A name of its own, so that a set that is in use is never written to.
  const set = randomBytes(8).toString('hex');
  const { code, stderr } = await shell.run(INSTALL, {
    args: [set, folder],
    input: Buffer.from(`${lines.join('')}end\n`),
    signal,
  });
  if (code === 0) return;
  const why = stderr.trim().slice(-300) || `the command ended with ${code}`;
  throw new CliError(
    'failed',
    `Could not store the certificates of ${shell.name} in ${folder} there: ${why}.`,
  );
}
