import { z } from 'zod';
import { fleetSchema } from './fleet-file-schema.js';

const SCHEMA_ID = 'fleet.schema.json';

/** The JSON Schema of a fleet file, with which editors check and complete it. What it cannot say, reading the file checks. */
export function fleetJsonSchema(): Readonly<Record<string, unknown>> {
  // These two belong to a file without hosts.
  const { 'ssh-url': _url, 'ssh-hostkey': _hostkey, ...shape } = fleetSchema.shape;
  const { $schema, ...schema } = z.toJSONSchema(z.strictObject(shape), { io: 'input' });
  return { $schema, $id: SCHEMA_ID, title: 'A fleet of hawser', ...schema };
}
