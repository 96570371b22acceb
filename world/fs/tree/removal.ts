import type { Change } from '../volume.js';
import type { CanonicalPath, Draft } from './draft.js';
import { withoutSlash } from './walk.js';

/** Removes a file or folder; what was removed is undefined where nothing was, for `force`. */
export function removing(
  path: string,
  options: { readonly recursive: boolean; readonly force: boolean },
): Change<CanonicalPath | undefined> {
  return (draft) => {
    const removed = canonical(draft, path);
    return draft.remove(path, options) ? removed : undefined;
  };
}

export function unlinking(path: string): Change<CanonicalPath | undefined> {
  return (draft) => {
    const removed = canonical(draft, path);
    draft.unlink(path);
    return removed;
  };
}

function canonical(draft: Draft, path: string): CanonicalPath | undefined {
  try {
    const { parents, name } = draft.walk(withoutSlash(path), false);
    return name === undefined ? undefined : [...parents, name];
  } catch (error) {
    // What cannot be found is refused, or passed over, by the step itself.
    if (error instanceof Error) return undefined;
    throw error;
  }
}
