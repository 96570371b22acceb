import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const require = createRequire(import.meta.url);
const etcd3 = createRequire(require.resolve('etcd3'));
const loader = createRequire(etcd3.resolve('@grpc/proto-loader'));

interface Method {
  readonly path: string;
  readonly originalName: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  requestSerialize(value: object): Buffer;
  responseSerialize(value: object): Buffer;
  responseDeserialize(bytes: Buffer): object;
}
type Services = Readonly<Record<string, Readonly<Record<string, Method>>>>;

interface Field {
  readonly name: string;
  readonly type: string;
  readonly repeated: boolean;
  readonly partOf: unknown;
  readonly resolvedType: { readonly fieldsArray?: readonly Field[]; readonly values?: object } | null;
}

/** What the bundle has in the place of etcd's protocol as protobufjs would load it. */
async function generated(): Promise<Services> {
  const file = fileURLToPath(new URL('../../../bundle-protocol.mjs', import.meta.url));
  const { protocolModule } = (await import(file)) as { protocolModule(): string };
  const made: { packageDefinition?: Services } = {};
  new Function('require', 'exports', protocolModule())(loader, made);
  return made.packageDefinition ?? {};
}

const options = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true };
const proto = path.join(path.dirname(require.resolve('etcd3')), '../proto/rpc.proto');

function loaded(): {
  services: Services;
  root: { lookupType(name: string): { fieldsArray: readonly Field[] } };
} {
  const { loadSync } = etcd3('@grpc/proto-loader') as { loadSync(file: string, options: object): Services };
  const { Root } = loader('protobufjs') as {
    Root: new () => { loadSync(file: string, options: object): { resolveAll(): never } };
  };
  const all = Object.entries(loadSync(proto, options)).filter(([, one]) => !('format' in one));
  return {
    services: Object.fromEntries(all),
    root: new Root().loadSync(proto, { keepCase: true }).resolveAll(),
  };
}

/** A message with something in every field, or in every second one. */
function sample(fields: readonly Field[], step: number, depth = 0): object {
  const given = fields.filter(
    ({ resolvedType }, index) => index % step === 0 && (depth < 3 || !resolvedType?.fieldsArray),
  );
  return Object.fromEntries(
    given.map((field, index) => {
      const one = fieldValue(field, step, depth, index);
      return [field.name, field.repeated ? [one, one] : one];
    }),
  );
}

function fieldValue({ type, resolvedType }: Field, step: number, depth: number, index: number): unknown {
  if (resolvedType?.fieldsArray) return sample(resolvedType.fieldsArray, step, depth + 1);
  if (resolvedType?.values) return Object.keys(resolvedType.values).at(-1);
  if (type === 'bytes') return Buffer.from([index, 0, 255]);
  if (type === 'string') return `text ${index} ü`;
  if (type === 'bool') return true;
  return type.endsWith('64') ? '9007199254740993' : index + 1;
}

test("The bundle's functions for etcd's protocol do what protobufjs makes of it", async (t) => {
  const { services, root } = loaded();
  const ours = await generated();
  t.deepEqual(Object.keys(ours), Object.keys(services));
  for (const [service, methods] of Object.entries(services)) {
    t.deepEqual(Object.keys(ours[service] ?? {}), Object.keys(methods));
    for (const [name, theirs] of Object.entries(methods)) {
      const { requestType, responseType } = theirs as unknown as Record<string, { type: { name?: string } }>;
      const our = ours[service]?.[name];
      if (our === undefined) return t.fail(name);
      for (const field of ['path', 'originalName', 'requestStream', 'responseStream'] as const)
        t.is(our[field], theirs[field]);
      const messages = [requestType, responseType].map((type) => root.lookupType(type?.type.name ?? ''));
      for (const step of [1, 2, 1_000]) {
        const [request, response] = messages.map(({ fieldsArray }) => sample(fieldsArray, step));
        t.deepEqual(our.requestSerialize(request ?? {}), theirs.requestSerialize(request ?? {}), name);
        const bytes = theirs.responseSerialize(response ?? {});
        t.deepEqual(our.responseDeserialize(bytes), theirs.responseDeserialize(bytes), name);
      }
      const bytes = theirs.responseSerialize({});
      t.deepEqual(our.responseDeserialize(bytes), theirs.responseDeserialize(bytes), name);
    }
  }
  const range = ours['etcdserverpb.KV']?.['Range'];
  t.throws(() => range?.responseDeserialize(Buffer.from([0x0a, 0x7f])), { message: /index out of range/ });
  t.throws(() => range?.requestSerialize([]), { message: /got an array/ });
});
