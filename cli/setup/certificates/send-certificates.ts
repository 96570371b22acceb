import { createHash } from 'node:crypto';
import { CliError } from '../../errors.js';
import type { HostShell } from '../host/host-shell.js';
import type { CertifiedKey } from './issue-certificate.js';

/**
 * Puts the three files into a directory of their own and switches a link to it, so that nobody meets a certificate with
 * another one's key: etcd reads them anew at each handshake. Arguments: the name of the set, the directory. It reads `name base64` lines.
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
while read -r name content; do
  case $name in
    ca.crt | host.crt | host.key) printf '%s' "$content" | base64 -d >"tls.new.$1/$name" ;;
  esac
done
[ -s "tls.new.$1/ca.crt" ] && [ -s "tls.new.$1/host.crt" ] && [ -s "tls.new.$1/host.key" ]
sync
if [ -d "tls.$1" ]; then rm -rf "tls.new.$1"; else mv "tls.new.$1" "tls.$1"; fi
ln -sfn "tls.$1" "tls.link.$1"
mv -T "tls.link.$1" tls
sync
for old in tls.*; do [ "$old" = "tls.$1" ] || rm -rf "$old"; done
`;

/**
 * Gives a host its certificate, with the key, and the authority's. Its etcd uses them from the next connection on.
 *
 * @throws CliError `failed` where root cannot write there
 */
export async function sendCertificates(
  shell: Pick<HostShell, 'name' | 'run'>,
  { cert, key }: CertifiedKey,
  authorityCert: string,
  signal: AbortSignal,
  folder = '/etc/hawser',
): Promise<void> {
  const files = { 'ca.crt': authorityCert, 'host.crt': cert, 'host.key': key };
  const lines = Object.entries(files).map(
    ([name, content]) => `${name} ${Buffer.from(content).toString('base64')}\n`,
  );
  // Of everything, so that a set that is in use is never written to.
  const set = createHash('sha256').update(lines.join('')).digest('hex').slice(0, 16);
  const { code, stderr } = await shell.run(INSTALL, {
    args: [set, folder],
    input: Buffer.from(lines.join('')),
    signal,
  });
  if (code === 0) return;
  const why = stderr.trim().slice(-300) || `the command ended with ${code}`;
  throw new CliError(
    'failed',
    `Could not store the certificate of ${shell.name} in ${folder} there: ${why}.`,
  );
}
