import { z } from 'zod';
import { connectionKeys } from '../fleet/connection-schema.js';
import { appKeys, appName } from './app-schema.js';

const SCHEMA_ID = 'hawser.schema.json';

/** The JSON Schema of a `hawser.yaml`, with which editors check and complete it. */
export function manifestJsonSchema(): Readonly<Record<string, unknown>> {
  const whole = z.strictObject({
    name: appName.describe('The name of the app.').optional(),
    ...appKeys,
    ...connectionKeys,
  });
  const { $schema, ...schema } = z.toJSONSchema(whole, { io: 'input' });
  return { $schema, $id: SCHEMA_ID, title: 'hawser.yaml', ...schema };
}
