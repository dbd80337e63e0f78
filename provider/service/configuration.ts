import * as z from 'zod';
import { zodMessages } from '../../lib/base/zod-messages.ts';
import type { Properties } from '../resource.ts';
import { containsUnknown } from '../wire/unknown.ts';
import { describeIssues } from './check.ts';

/** Configuration of the provider: `pulumi config set nixos:<key> <value>`, or arguments of a provider resource. */
export const providerConfig = z.strictObject({
  onFailure: z
    .enum(['continue', 'stop'])
    .default('continue')
    .describe(
      'What a failed machine means for the others: "continue" deploys them, "stop" starts nothing new. ' +
        'The environment variable NIXOS_FLEET_ON_FAILURE overrides it.',
    ),
  newResources: z
    .enum(['summary', 'whole'])
    .default('summary')
    .describe(
      'What a preview shows of a new machine’s facts and a new kernel’s symbols: versions, counts, ports and users, or "whole" all of them. ' +
        'The environment variable NIXOS_FLEET_NEW_RESOURCES overrides it.',
    ),
});
export type ProviderConfig = z.infer<typeof providerConfig>;

/** Environment variables that override a key. */
const variables: Record<keyof ProviderConfig, string> = {
  onFailure: 'NIXOS_FLEET_ON_FAILURE',
  newResources: 'NIXOS_FLEET_NEW_RESOURCES',
};

/** Reads the configuration; the environment comes first. Where there are failures, defaults are returned. */
export function parseProviderConfig(
  properties: Properties,
  environment: Record<string, string | undefined>,
): { config: ProviderConfig; failures: { property: string; reason: string }[] } {
  // `version` is the engine's; what is unknown in a preview is no mistake.
  const given = Object.fromEntries(
    Object.entries(properties).filter(([key, value]) => key !== 'version' && !containsUnknown(value)),
  );
  const fromEnvironment = Object.fromEntries(
    Object.entries(variables).flatMap(([key, variable]) => {
      const value = environment[variable];
      return value ? [[key, value]] : [];
    }),
  );
  const parsed = providerConfig.safeParse({ ...given, ...fromEnvironment }, { error: zodMessages() });
  if (parsed.success) return { config: parsed.data, failures: [] };
  const failures = describeIssues(parsed.error.issues).map(({ property, reason }) => {
    const value = fromEnvironment[property];
    const variable = variables[property as keyof ProviderConfig];
    return { property, reason: value ? `${reason} (${variable} is '${value}')` : reason };
  });
  return { config: providerConfig.parse({}), failures };
}
