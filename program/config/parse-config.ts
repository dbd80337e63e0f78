import { z } from 'zod';
import { FleetError } from '../../lib/base/errors.ts';
import { closest } from '../../lib/base/text.ts';
import { type StackConfig, stackConfig } from '../../schema/config.ts';

/** Keys that had other names, which are still read. */
const formerKeys: Readonly<Record<string, string>> = { diskImages: 'diskInstalls' };

/**
 * Turns the stack's config into a checked one. All that is wrong is reported together, each with its key.
 * @param values config key without its namespace to its raw value, as Pulumi hands it over
 * @param stack name of the stack, for the message
 * @param warn is called with a line for each key that has another name now
 * @throws FleetError config-invalid
 */
export function parseStackConfig(
  values: Record<string, string>,
  stack: string,
  warn: (line: string) => void = () => {},
): StackConfig {
  const given = Object.entries(values).map(([key, value]) => [presentKey(key, values, warn), decode(value)]);
  const parsed = stackConfig.safeParse(Object.fromEntries(given));
  if (parsed.success) return parsed.data;
  throw new FleetError({
    code: 'config-invalid',
    what: `the config of stack '${stack}' is wrong`,
    why: parsed.error.issues.flatMap(explain).join('\n'),
    fix: `Edit Pulumi.${stack}.yaml; docs/reference.md lists every key.`,
  });
}

/** A former name stays as it is, and is an unknown key, where both are given. */
function presentKey(key: string, values: object, warn: (line: string) => void): string {
  const present = formerKeys[key];
  if (present === undefined || present in values) return key;
  warn(`the config key ${key} is called ${present} now: rename it`);
  return present;
}

function decode(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function explain(issue: z.core.$ZodIssue): string[] {
  const key = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((unknown) => {
      const guess = formerKeys[unknown] ?? closest(unknown, keysAt(stackConfig, issue.path));
      return `${key ? `${key}.` : ''}${unknown}: unknown key${guess ? `; did you mean ${guess}?` : ''}`;
    });
  }
  if (issue.code === 'invalid_union') {
    // Only one member of the union has the type of the value: what that one reports is the reason.
    const meant = issue.errors.find((issues) =>
      issues.some(({ path, code }) => path.length > 0 || code !== 'invalid_type'),
    );
    if (meant) return meant.flatMap((inner) => explain({ ...inner, path: [...issue.path, ...inner.path] }));
  }
  return [`${key || 'hosts'}: ${issue.message}`];
}

/** The keys that the schema knows at a path of the config. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional)
    return keysAt(schema.unwrap() as z.ZodType, path);
  if (schema instanceof z.ZodUnion)
    return schema.options.flatMap((option) => keysAt(option as z.ZodType, path));
  const [step, ...rest] = path;
  if (schema instanceof z.ZodRecord && step !== undefined) return keysAt(schema.valueType as z.ZodType, rest);
  if (!(schema instanceof z.ZodObject)) return [];
  if (step === undefined) return Object.keys(schema.shape);
  const member: z.ZodType | undefined = schema.shape[String(step)];
  return member ? keysAt(member, rest) : [];
}
