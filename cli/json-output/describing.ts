import type { z } from 'zod';

/** The keys of a type that a schema says nothing of. */
type Missing<T, S extends z.ZodType> = Exclude<keyof T, keyof z.output<S>>;

/**
 * Ties a schema to the type of what is printed: values that it takes must be of that type, and a key of the type that it does not have
 * is an error of the compiler.
 */
export function describing<T>() {
  return <S extends z.ZodType<T>>(
    schema: S,
    ..._complete: [Missing<T, S>] extends [never] ? [] : [missing: Missing<T, S>]
  ): S => schema;
}
