import { z } from 'zod';
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
});
export type ProviderConfig = z.infer<typeof providerConfig>;

/** Reads the configuration; the environment comes first. Where there are failures, defaults are returned. */
export function parseProviderConfig(
  properties: Properties,
  environment: Record<string, string | undefined>,
): { config: ProviderConfig; failures: { property: string; reason: string }[] } {
  // `version` is the engine's; what is unknown in a preview is no mistake.
  const given = Object.fromEntries(
    Object.entries(properties).filter(([key, value]) => key !== 'version' && !containsUnknown(value)),
  );
  const fromEnvironment = environment.NIXOS_FLEET_ON_FAILURE;
  const merged = fromEnvironment ? { ...given, onFailure: fromEnvironment } : given;
  const parsed = providerConfig.safeParse(merged, { error: zodMessages() });
  if (parsed.success) return { config: parsed.data, failures: [] };
  const failures = describeIssues(parsed.error.issues).map((failure) =>
    failure.property === 'onFailure' && fromEnvironment
      ? { ...failure, reason: `${failure.reason} (NIXOS_FLEET_ON_FAILURE is '${fromEnvironment}')` }
      : failure,
  );
  return { config: providerConfig.parse({}), failures };
}
