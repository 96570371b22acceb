// Makes the module of etcd's protocol that the bundle has in the place of what protobufjs would make of rpc.proto at each
// start: the same functions, which protobufjs generates, written down.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const etcd3 = createRequire(require.resolve('etcd3'));
const loader = createRequire(etcd3.resolve('@grpc/proto-loader'));
const protobuf = loader('protobufjs');
const camelCase = loader('lodash.camelcase');

/** As etcd3 asks for it. */
const OPTIONS = '{longs: String, enums: String, defaults: true, oneofs: true}';

/** CommonJS, with `packageDefinition` for the `loadPackageDefinition` of grpc-js: the services, without the types. */
export function protocolModule() {
  const root = new protobuf.Root().loadSync(etcd3.resolve('../proto/rpc.proto'), { keepCase: true });
  root.resolveAll();
  const all = [...objectsIn(root)];
  const messages = all.filter((object) => object instanceof protobuf.Type);
  const enums = all.filter((object) => object instanceof protobuf.Enum);
  const services = all.filter((object) => object instanceof protobuf.Service);
  const types = [...messages, ...enums];
  const methods = services.flatMap((service) => service.methodsArray);
  const sent = reachable(methods.map(({ resolvedRequestType }) => resolvedRequestType));
  const received = reachable(methods.map(({ resolvedResponseType }) => resolvedResponseType));
  return `"use strict";
const {Reader, Writer, util} = require('protobufjs/minimal');
const types = [];
${messages.map((type) => messageText(type, types, { isSent: sent.has(type), isReceived: received.has(type) })).join('\n')}
${enums.map((type) => enumText(type, types)).join('\n')}
const serializer = (type) => (value) => {
  if (Array.isArray(value)) throw new Error('Failed to serialize message: expected an object, got an array');
  return type.encode(type.fromObject(value)).finish();
};
const deserializer = (type) => (bytes) => type.toObject(type.decode(bytes), ${OPTIONS});
const method = (path, originalName, requestStream, responseStream, request, response) => ({
  path, originalName, requestStream, responseStream,
  requestSerialize: serializer(request), responseDeserialize: deserializer(response),
});
exports.packageDefinition = {
${services.map((service) => serviceText(service, types)).join('\n')}
};
`;
}

function* objectsIn(namespace) {
  for (const object of namespace.nestedArray) {
    yield object;
    if (object.nestedArray !== undefined) yield* objectsIn(object);
  }
}

/** The types of messages, and of what is in them. */
function reachable(types) {
  const found = new Set();
  const add = (type) => {
    if (found.has(type)) return;
    found.add(type);
    for (const { resolvedType } of type.fieldsArray ?? []) if (resolvedType) add(resolvedType);
  };
  types.forEach(add);
  return found;
}

/** A client has no use for the rest of the functions. */
function messageText(type, types, { isSent, isReceived }) {
  const { encoder, decoder, converter } = protobuf;
  const functions = {
    ctor: protobuf.Type.generateConstructor(type),
    ...(isSent && { encode: encoder(type), fromObject: converter.fromObject(type) }),
    ...(isReceived && { decode: decoder(type), toObject: converter.toObject(type) }),
  };
  const made = Object.entries(functions).map(([name, generated]) => `${name}: ${generated}`);
  // What generated functions call the types of their fields.
  const fields = type.fieldsArray.map(({ resolvedType }, field) =>
    resolvedType ? `get ${field}() { return types[${types.indexOf(resolvedType)}]; },` : '',
  );
  return `types[${types.indexOf(type)}] = ((types) => ({${made.join(',\n')}}))({${fields.join('')}});`;
}

function enumText(type, types) {
  const { valuesById, values } = type;
  return `types[${types.indexOf(type)}] = {values: ${JSON.stringify({ ...valuesById, ...values })}};`;
}

function serviceText(service, types) {
  const name = service.fullName.replace(/^\./, '');
  const methods = service.methodsArray.map(
    ({ name: method, requestStream, responseStream, resolvedRequestType, resolvedResponseType }) => {
      const [path, originalName] = [`/${name}/${method}`, camelCase(method)];
      const streams = `${requestStream === true}, ${responseStream === true}`;
      const [request, response] = [resolvedRequestType, resolvedResponseType].map((type) =>
        types.indexOf(type),
      );
      return `${method}: method('${path}', '${originalName}', ${streams}, types[${request}], types[${response}]),`;
    },
  );
  return `'${name}': {${methods.join('\n')}},`;
}
