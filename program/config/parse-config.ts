import * as z from 'zod';
import { FleetError } from '../../lib/base/errors.ts';
import { closest } from '../../lib/base/text.ts';
import { zodMessages } from '../../lib/base/zod-messages.ts';
import { type StackConfig, stackConfig } from '../../schema/config.ts';

/** Former names of keys, which are still read. */
const formerKeys: Readonly<Record<string, string>> = { diskImages: 'diskInstalls' };

/** Sections of the config, by which a key in the wrong place is found. */
const sections: { noun: string; path: readonly string[] }[] = [
  { noun: "the stack's config", path: [] },
  { noun: 'a host', path: ['hosts', '*'] },
  { noun: 'defaults', path: ['defaults'] },
  { noun: 'lab', path: ['lab'] },
  { noun: 'a cache', path: ['caches', '*'] },
  { noun: 'a builder', path: ['builders', '*'] },
  { noun: 'an image', path: ['images', '*'] },
  { noun: 'a disk install', path: ['diskInstalls', '*'] },
  { noun: 'a virtual machine', path: ['virtualMachines', '*'] },
];

/**
 * Checks the stack's config. All errors are reported together, each with its key.
 * @param values raw value by key, without the namespace, as Pulumi has it
 * @param stack name of the stack, for the error
 * @param warn called with a line for each key that was renamed
 * @throws FleetError config-invalid
 */
export function parseStackConfig(
  values: Record<string, string>,
  stack: string,
  warn: (line: string) => void = () => {},
): StackConfig {
  const given = Object.entries(values).map(([key, value]) => [presentKey(key, values, warn), decode(value)]);
  const parsed = stackConfig.safeParse(Object.fromEntries(given), {
    error: zodMessages({ showValues: true }),
  });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap(explain);
  throw new FleetError({
    code: 'config-invalid',
    what: `${stackConfigFile(stack)} has ${problems.length === 1 ? 'an invalid setting' : `${problems.length} invalid settings`}`,
    why: problems.join('\n'),
    fix: `Edit ${stackConfigFile(stack)}; docs/reference.md lists every key.`,
  });
}

/** Name of the file with a stack's config. */
export function stackConfigFile(stack: string): string {
  return `Pulumi.${stack.split('/').at(-1)}.yaml`;
}

/** The present name of a key. Where both are given, the former one is an unknown key. */
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
    return issue.keys.map(
      (unknown) => `${key ? `${key}.` : ''}${unknown}: unknown key${suggestion(unknown, issue.path)}`,
    );
  }
  if (issue.code === 'invalid_union') {
    // Only one member of the union has the type of the value: its issues are the reason.
    const meant = issue.errors.find((issues) =>
      issues.some(({ path, code }) => path.length > 0 || code !== 'invalid_type'),
    );
    if (meant) return meant.flatMap((inner) => explain({ ...inner, path: [...issue.path, ...inner.path] }));
  }
  return [`${key || 'hosts'}: ${issue.message}`];
}

/** What the user probably meant by an unknown key: the same key in its right place, or one with nearly the same name. */
function suggestion(unknown: string, path: readonly PropertyKey[]): string {
  const places = (formerKeys[unknown] ? [] : sections).filter(({ path: section }) =>
    keysAt(stackConfig, section).includes(unknown),
  );
  if (places.length > 0) {
    const here = sections.find(
      ({ path: section }) => section.length === path.length && section[0] === path[0],
    );
    const known = new Intl.ListFormat('en').format(places.map(({ noun }) => noun));
    return `; ${unknown} is a key of ${known}${here ? `, not of ${here.noun}` : ''}`;
  }
  const guess = formerKeys[unknown] ?? closest(unknown, keysAt(stackConfig, path));
  return guess ? `; did you mean ${guess}?` : '';
}

/** The keys that the schema has at a path of the config. */
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
