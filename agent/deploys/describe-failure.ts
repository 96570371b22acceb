import path from 'node:path';
import { WorldError } from '../../world/internal.js';

/** One sentence for the report; a full disk is the most common failure. */
export function describeFailure(error: unknown): string {
  if (error instanceof WorldError) return error.message;
  const { code, path: file } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC') return `The disk that holds ${path.dirname(file ?? 'the releases')} is full.`;
  return `${error instanceof Error ? error.message : String(error)}.`;
}
