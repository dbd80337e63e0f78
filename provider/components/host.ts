import { Host } from '../../components/host.ts';
import { log } from '../../components/pulumi.ts';
import type { HostArgs } from '../../schema/components.ts';
import { parseFacts } from '../../schema/facts.ts';
import type { Constructed, Declaration } from '../component.ts';
import { known } from './args.ts';
import { componentSettings } from './settings.ts';

export async function constructHost({ name, given, settled, options }: Declaration): Promise<Constructed> {
  const { evaluated, builders, ...settings } = settled;
  const system = known(evaluated as HostArgs['evaluated'], 'evaluated');
  const resource = new Host(
    name,
    {
      ...componentSettings(given, settings, name),
      evaluated: { ...system, facts: parseFacts(system.facts) },
      revision: system.revision,
      builders: known(builders as HostArgs['builders'], 'builders'),
    },
    options,
  );
  for (const warning of system.warnings) void log.warn(`${name}: ${warning}`, resource);
  return { resource, outputs: { live: resource.live } };
}
