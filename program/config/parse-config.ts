import type { z } from 'zod';
import { FleetError } from '../../lib/base/errors.ts';
import { closest } from '../../lib/base/text.ts';
import { builder } from '../../schema/builder.ts';
import { cacheConfig } from '../../schema/cache-config.ts';
import { type StackConfig, stackConfig } from '../../schema/config.ts';
import { hostSecret } from '../../schema/secret.ts';

/**
 * Turns the stack's config into a checked one. All that is wrong is reported together, each with its key.
 * @param values config key without its namespace to its raw value, as Pulumi hands it over
 * @param stack name of the stack, for the message
 * @throws FleetError config-invalid
 */
export function parseConfig(values: Record<string, string>, stack: string): StackConfig {
  const parsed = stackConfig.safeParse(
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, decode(value)])),
  );
  if (parsed.success) return parsed.data;
  throw new FleetError({
    code: 'config-invalid',
    what: `the config of stack '${stack}' is wrong`,
    why: parsed.error.issues.flatMap(explain).join('\n'),
    fix: `Edit Pulumi.${stack}.yaml; docs/reference.md lists every key.`,
  });
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
  if (issue.code !== 'unrecognized_keys') return [`${key || 'hosts'}: ${issue.message}`];
  return issue.keys.map((unknown) => {
    const guess = closest(unknown, keysAt(issue.path));
    return `${key ? `${key}.` : ''}${unknown}: unknown key${guess ? `; did you mean ${guess}?` : ''}`;
  });
}

/** The keys that are known where an unknown one was found. */
function keysAt(path: readonly PropertyKey[]): string[] {
  const { shape } = stackConfig;
  if (path.length === 0) return Object.keys(shape);
  if (path[0] === 'hosts' && path[2] === 'secrets') return Object.keys(hostSecret.shape);
  if (path[0] === 'hosts') return Object.keys(shape.hosts.unwrap().valueType.shape);
  if (path[0] === 'defaults') return Object.keys(shape.defaults.unwrap().shape);
  if (path[0] === 'builders') return Object.keys(builder.shape);
  if (path[0] === 'caches') return Object.keys(cacheConfig.shape);
  if (path[0] === 'images') return Object.keys(shape.images.unwrap().valueType.shape);
  if (path[0] === 'diskImages') return Object.keys(shape.diskImages.unwrap().valueType.shape);
  if (path[0] === 'virtualMachines') return Object.keys(shape.virtualMachines.unwrap().valueType.shape);
  if (path[0] === 'lab') return Object.keys(shape.lab.unwrap().shape);
  return [];
}
