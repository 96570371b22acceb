import { z } from 'zod';
import { fleetSchema } from './fleet-file-schema.js';

const SCHEMA_ID = 'fleet.schema.json';

/** The JSON Schema of a fleet file, with which editors check and complete it. What it cannot say, reading the file checks. */
export function fleetJsonSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...schema } = z.toJSONSchema(fleetSchema, { io: 'input', unrepresentable: 'any' });
  return { $schema, $id: SCHEMA_ID, title: 'A fleet of hawser', ...schema };
}
