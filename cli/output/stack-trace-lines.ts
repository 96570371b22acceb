/** Where an error comes from, a line each: its message as one, the frames below it, and the same for what caused it. */
export function stackTraceLines(error: Error): string[] {
  const { cause } = error;
  return [
    ...stackOf(error),
    ...(cause instanceof Error ? prefixed('caused by: ', stackTraceLines(cause)) : []),
  ];
}

function prefixed(prefix: string, [first = '', ...rest]: readonly string[]): string[] {
  return [`${prefix}${first}`, ...rest];
}

/** Its message as one line, and the frames below it. */
function stackOf({ name, message, stack = '' }: Error): string[] {
  const at = stack.indexOf(message);
  const frames =
    at === -1
      ? []
      : stack
          .slice(at + message.length)
          .split('\n')
          .slice(1);
  return [`${name}: ${message}`, ...frames];
}
