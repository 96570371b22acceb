import { z } from 'zod';
import { entryOf, type Release } from './deploy-entry.js';
import { writeWholeFile } from './write-whole-file.js';

const recordSchema = z.object({
  id: z.number().int().positive(),
  payload: z.string(),
  fleet: z.string().exactOptional(),
  before: z.string().exactOptional(),
  secrets: z.record(z.string(), z.base64()).exactOptional(),
});

/** What is kept of a deploy beside its release: all that is needed to run it without the log. */
type ReleaseRecord = Omit<Release, 'name'>;

/** @returns undefined for a payload that hawser did not make; throws for anything but a record */
export function parseReleaseRecord(text: string): ReleaseRecord | undefined {
  const { id, payload, fleet, before, secrets } = recordSchema.parse(JSON.parse(text));
  const entry = entryOf(id, payload);
  return entry && { ...entry, fleet, before, ...(secrets && { secrets }) };
}

export async function writeReleaseRecord(
  file: string,
  { id, payload, fleet, before, secrets }: ReleaseRecord,
): Promise<void> {
  // What is undefined is left out.
  await writeWholeFile(file, JSON.stringify({ id, payload, fleet, before, secrets }));
}
