/** The identity of a fleet, independent of the etcd cluster that it runs on. */
export interface FleetIdentity {
  readonly uuid: string;
  /** From 1; each `members recover` raises it, so that what a recovery left behind is told from the fleet. */
  readonly generation: number;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Reads the value of {@link FLEET_KEY}; undefined where it is something else. */
export function parseFleet(value: Uint8Array): FleetIdentity | undefined {
  let read: unknown;
  try {
    read = JSON.parse(Buffer.from(value).toString());
  } catch {
    return undefined;
  }
  const { uuid, generation } = Object(read) as Record<string, unknown>;
  return toFleet(uuid, generation);
}

function toFleet(uuid: unknown, generation: unknown): FleetIdentity | undefined {
  if (typeof uuid !== 'string' || !UUID.test(uuid)) return undefined;
  if (typeof generation !== 'number' || !Number.isSafeInteger(generation) || generation < 1) return undefined;
  return { uuid, generation };
}

export function serialiseFleet({ uuid, generation }: FleetIdentity): string {
  return JSON.stringify({ uuid, generation });
}

/** Reads what a person gives as the fleet that is meant: its uuid, and after a slash its generation if it matters. */
export function parseFleetId(text: string): FleetIdentity | undefined {
  const [, uuid = '', generation = '1'] = /^([^/]*)(?:\/([1-9][0-9]{0,8}))?$/.exec(text) ?? [];
  return toFleet(uuid.toLowerCase(), Number(generation));
}

/** For people, such as `fleet 0c6f…, generation 2`. */
export function describeFleet({ uuid, generation }: FleetIdentity): string {
  return generation === 1 ? `fleet ${uuid}` : `fleet ${uuid}, generation ${generation}`;
}
