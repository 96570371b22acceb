import { readFileSync } from 'node:fs';

/** A path with its `~` or `~user` replaced; undefined when there is no such user. */
export function expandTilde(path: string, home: string): string | undefined {
  const [, user, rest = ''] = /^~([^/]*)\/*(.*)$/s.exec(path) ?? [];
  if (user === undefined) return path;
  const folder = user === '' ? home : homeOf(user);
  return folder && `${folder.replace(/\/$/, '')}/${rest}`;
}

/** Of another user; few paths name one. */
function homeOf(user: string): string | undefined {
  try {
    const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
    return lines.map((line) => line.split(':')).find(([name]) => name === user)?.[5];
  } catch {
    // Without that file no user is known.
    return undefined;
  }
}
