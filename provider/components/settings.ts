import type { HostArgs } from '../../components/host.ts';
import { mapValues } from '../../lib/base/map-values.ts';
import { isUnknown } from '../wire/unknown.ts';
import { known, member, membersOf } from './args.ts';

type Settings = Omit<HostArgs, 'evaluated' | 'revision' | 'kernel' | 'order' | 'builders'>;

/**
 * Settings of a host as the class takes them. What decides which resources there are is without outputs; the rest is as it was
 * given, so that it depends on the same resources and is as secret.
 */
export function componentSettings(given: unknown, settled: Record<string, unknown>, path: string): Settings {
  const { secrets, groupSecrets, machineBuilders, healthChecks, ...others } = settled;
  const records = (name: string, value: unknown): Record<string, Record<string, unknown>> => {
    if (value === undefined) return {};
    if (isUnknown(value)) known(value, `${path}.${name}`);
    return value as Record<string, Record<string, unknown>>;
  };
  const secretOf = (secret: Record<string, unknown>, name: string) => {
    const { when, ...rest } = isUnknown(secret) ? known(secret, `${path}.secrets.${name}`) : secret;
    const from = member(member(given, 'secrets'), name);
    return { ...membersOf(from, rest), when: known(when, `${path}.secrets.${name}.when`) };
  };
  const settings = {
    ...membersOf(given, others),
    secrets: mapValues(records('secrets', secrets), secretOf),
    groupSecrets: known(groupSecrets, `${path}.groupSecrets`),
    machineBuilders: known(machineBuilders, `${path}.machineBuilders`),
    healthChecks: known(healthChecks, `${path}.healthChecks`),
  };
  // The schema of the component has checked the types of all values.
  return settings as unknown as Settings;
}
