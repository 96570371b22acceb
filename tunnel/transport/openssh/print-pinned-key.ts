/**
 * Run by `ssh` as its KnownHostsCommand if only the fingerprint of a host key is pinned: prints the key that the
 * host presented if it has that fingerprint, so that `ssh` knows this key and no other.
 *
 * Arguments: the pinned fingerprint, the name that `ssh` looks up, then fingerprint, type and key as presented.
 */
const [pinned, name, fingerprint, type, key] = process.argv.slice(2);
if (pinned !== undefined && pinned === fingerprint) process.stdout.write(`${name} ${type} ${key}\n`);
