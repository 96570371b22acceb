/**
 * Gives what hawser does to a tracer, such as OpenTelemetry's, and prints it here instead.
 *
 *     node trace.js root@web1
 */
import { channel, tracingChannel } from 'node:diagnostics_channel';
import { type CallTrace, type ConnectTrace, type DeployStepTrace, type ForwardTrace, SshWorld } from 'hawser';

/** The part of OpenTelemetry's `Tracer` and `Span` that is needed: `trace.getTracer('hawser')` gives one. */
interface Tracer {
  startSpan(name: string, options: { attributes: Record<string, string | number> }): Span;
}

interface Span {
  setAttributes(attributes: Record<string, string | number>): unknown;
  addEvent(name: string, attributes: Record<string, string | number>): unknown;
  recordException(error: Error): void;
  setStatus(status: { code: 1 | 2; message?: string }): unknown;
  end(): void;
}

/** Makes a span of each operation of one kind. @returns a function that ends this */
function traceOperations<Context extends object>(
  tracer: Tracer,
  name: string,
  describe: (context: Context) => Record<string, string | number>,
): () => void {
  const spans = new WeakMap<object, Span>();
  const subscribers = {
    start(context: object) {
      spans.set(context, tracer.startSpan(name, { attributes: describe(context as Context) }));
    },
    error(context: object & { error?: unknown }) {
      const span = spans.get(context);
      if (context.error instanceof Error) span?.recordException(context.error);
      span?.setStatus({ code: 2, message: String(context.error) });
    },
    asyncEnd(context: object) {
      const span = spans.get(context);
      span?.setAttributes(describe(context as Context));
      span?.end();
    },
    end: () => undefined,
    asyncStart: () => undefined,
  };
  const operations = tracingChannel<object>(name);
  operations.subscribe(subscribers);
  return () => operations.unsubscribe(subscribers);
}

/** Traces connections, forwards, calls to etcd and, in an agent, the steps of deploys. @returns a function that ends this */
function traceHawser(tracer: Tracer): () => void {
  const onStep = (message: unknown): void => {
    const { app, deploy, step } = message as DeployStepTrace;
    tracer.startSpan(`deploy step ${step}`, { attributes: { app, deploy } }).end();
  };
  const steps = channel('hawser:deploy-step');
  steps.subscribe(onStep);
  const ends = [
    traceOperations<ConnectTrace>(tracer, 'hawser:connect', ({ destination }) => ({ destination })),
    traceOperations<ForwardTrace>(tracer, 'hawser:forward', ({ host, target }) => ({ host, target })),
    traceOperations<CallTrace>(tracer, 'hawser:call', ({ operation, attempts }) => ({ operation, attempts })),
    () => steps.unsubscribe(onStep),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** Prints each span when it ends. */
const printed: Tracer = {
  startSpan(name, { attributes }) {
    const startedAt = performance.now();
    let failure = '';
    return {
      setAttributes: (more) => Object.assign(attributes, more),
      addEvent: () => undefined,
      recordException: (error) => {
        failure = ` failed: ${error.message}`;
      },
      setStatus: () => undefined,
      end: () => {
        const tookMs = Math.round(performance.now() - startedAt);
        console.log(`${name} ${JSON.stringify(attributes)} ${tookMs} ms${failure}`);
      },
    };
  },
};

const [ssh = 'root@web1', seed = 'unix:///run/hawser/etcd.sock'] = process.argv.slice(2);

const stopTracing = traceHawser(printed);
{
  await using world = await SshWorld.open({ ssh, seeds: [seed] });
  await world.strGet('motd');
}
stopTracing();
