/**
 * Run by `ssh` as its KnownHostsCommand if only fingerprints of host keys are pinned: prints the key that the
 * host presented if it has one of them, so that `ssh` knows this key and no other.
 *
 * Arguments: the pinned fingerprints, separated by commas, the name that `ssh` looks up, then fingerprint, type and key as presented.
 */
const [pinned, name, fingerprint, type, key] = process.argv.slice(2);
if (fingerprint !== undefined && pinned?.split(',').includes(fingerprint))
  process.stdout.write(`${name} ${type} ${key}\n`);
