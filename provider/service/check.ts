import * as z from 'zod';
import { formatPath, type PathStep } from '../../lib/base/property-path.ts';
import { zodMessages } from '../../lib/base/zod-messages.ts';
import type { AnyResource, Properties } from '../resource.ts';
import { containsUnknown, isUnknown } from '../wire/unknown.ts';

export interface CheckOutcome {
  /** The inputs with defaults filled in; those given, where there are failures. */
  inputs: Properties;
  failures: { property: string; reason: string }[];
  /** Lines for the run's diagnostics. */
  notes?: readonly string[];
}

/** Validates inputs against the resource's schema and its own checks; every bad property is reported. */
export function checkInputs(
  resource: Pick<AnyResource, 'inputs' | 'complete' | 'check'>,
  given: Properties,
  recorded?: Properties,
  operation?: object,
): CheckOutcome {
  // What a preview cannot know yet cannot be judged: it is set aside by top-level property.
  const isOpen = ([, value]: [string, unknown]) => containsUnknown(value);
  const open = Object.fromEntries(Object.entries(given).filter(isOpen));
  const known = Object.fromEntries(Object.entries(given).filter((entry) => !isOpen(entry)));

  const { schema, names } = schemaWithout(resource.inputs, Object.keys(open));
  const failures: CheckOutcome['failures'] = [];
  for (const key of names ? Object.keys(given) : []) {
    if (!names?.includes(key)) {
      failures.push({ property: key, reason: `is not a property; there are: ${names?.join(', ')}` });
    }
  }
  // An input of any name may be a secret: no message shows a value.
  const parsed = schema.safeParse(known, { error: zodMessages() });
  const described = describeIssues(parsed.error?.issues ?? []);
  failures.push(...described.filter(({ property }) => failures.every((each) => each.property !== property)));
  if (!parsed.success || failures.length > 0) return { inputs: given, failures };
  const inputs = { ...(parsed.data as Properties), ...open };
  if (Object.keys(open).length > 0) return { inputs, failures };
  const { problems, ...completed } = resource.complete?.(inputs, recorded) ?? { inputs };
  const found = { ...problems, ...resource.check?.(completed.inputs, recorded, operation) };
  for (const [property, reason] of Object.entries(found)) failures.push({ property, reason });
  return { ...completed, failures };
}

/** What is wrong with values of which some may be unknown: these are not judged. */
export function shapeProblems(schema: z.ZodType, given: Properties): CheckOutcome['failures'] {
  const { error } = schema.safeParse(given, { error: zodMessages() });
  return describeIssues((error?.issues ?? []).filter(({ path }) => !leadsToUnknown(given, path)));
}

function leadsToUnknown(value: unknown, path: readonly PropertyKey[]): boolean {
  if (isUnknown(value)) return true;
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== 'object' || value === null) return false;
  return leadsToUnknown((value as Record<PropertyKey, unknown>)[step], rest);
}

function schemaWithout(schema: z.ZodType, keys: readonly string[]): { schema: z.ZodType; names?: string[] } {
  if (!(schema instanceof z.ZodObject)) return { schema };
  const names = Object.keys(schema.shape);
  const omitted = keys.filter((key) => names.includes(key));
  if (omitted.length === 0) return { schema, names };
  return {
    schema: schema.omit(Object.fromEntries(omitted.map((key) => [key, true])) as Record<string, never>),
    names,
  };
}

/** Property path and reason for each thing that a schema found wrong. */
export function describeIssues(issues: readonly z.core.$ZodIssue[]): CheckOutcome['failures'] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((step): PathStep => (typeof step === 'number' ? step : String(step)));
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ property: formatPath([...path, key]), reason: 'is not a property' }));
    }
    return [{ property: formatPath(path), reason: issue.message }];
  });
}
