import * as z from 'zod';

/** A shape whose settings may be left out, and have no default then. */
export type WithoutDefaults<Shape extends z.ZodRawShape> = {
  [key in keyof Shape]: Shape[key] extends z.ZodDefault<infer Inner extends z.ZodType>
    ? z.ZodOptional<Inner>
    : Shape[key];
};

/**
 * The same settings without their defaults, for a place that is overridden or falls back to another.
 * @param describe description of a setting that had a default, by its own one and the default
 */
export function withoutDefaults<Shape extends z.ZodRawShape>(
  shape: Shape,
  describe: (description: string, fallback: unknown) => string = (description) => description,
): WithoutDefaults<Shape> {
  return Object.fromEntries(
    Object.entries(shape).map(([name, setting]) => {
      if (!(setting instanceof z.ZodDefault)) return [name, setting];
      const inner = (setting as z.ZodDefault<z.ZodType>).unwrap().optional();
      return [name, inner.describe(describe(setting.description ?? '', setting.parse(undefined)))];
    }),
  ) as WithoutDefaults<Shape>;
}

/** For a place where a default holds at last: the description names it. */
export function namingDefault(description: string, fallback: unknown): string {
  return `${description} Default: ${fallback}.`;
}
