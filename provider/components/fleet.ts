import { Fleet, type FleetHost } from '../../components/fleet.ts';
import { mapValues } from '../../lib/base/map-values.ts';
import { checkSystems } from '../../lib/evaluation/check-systems.ts';
import { builders as buildersSchema } from '../../schema/builder.ts';
import type { FleetArgs } from '../../schema/components.ts';
import { evaluateArgs } from '../../schema/provider-functions.ts';
import type { ConstructContext, Constructed, Declaration } from '../component.ts';
import { evaluateHosts } from '../functions/evaluate-hosts.ts';
import type { Properties } from '../resource.ts';
import { isUnknown } from '../wire/unknown.ts';
import { known, member } from './args.ts';
import { componentSettings } from './settings.ts';

export async function constructFleet(
  { name, given, settled, options }: Declaration,
  context: ConstructContext,
): Promise<Constructed> {
  const { hosts: declared, rollout, builders = {}, ...flake } = settled;
  const hosts = (isUnknown(declared) ? known(declared, 'hosts') : declared) as Record<string, Properties>;
  for (const [host, settings] of Object.entries(hosts))
    if (isUnknown(settings)) known(settings, `hosts.${host}`);
  const ofHost = (host: string, setting: string) => known(hosts[host]?.[setting], `hosts.${host}.${setting}`);
  const evaluation = await evaluateHosts(
    evaluateArgs.parse({
      ...known(flake, 'flake'),
      hosts: mapValues(hosts, (_, host) => ofHost(host, 'configuration') ?? host),
      allowUnbootableKernel: Object.keys(hosts).filter((host) => ofHost(host, 'allowUnbootableKernel')),
    }),
    context,
  );
  const builtBy = buildersSchema.parse(known(builders, 'builders'));
  const settingsOf = (host: Properties, hostName: string): FleetHost => {
    const { configuration: _, allowUnbootableKernel: __, description, ...settings } = host;
    return {
      ...componentSettings(member(member(given, 'hosts'), hostName), settings, `hosts.${hostName}`),
      description: known(description as string | undefined, `hosts.${hostName}.description`),
    };
  };
  const resource = new Fleet(
    name,
    {
      evaluation: await checkSystems(evaluation, builtBy, context),
      hosts: mapValues(hosts, settingsOf),
      rollout: known(rollout as FleetArgs['rollout'], 'rollout'),
      builders: builtBy,
    },
    options,
  );
  const { machines, history, completed } = resource;
  return { resource, outputs: { machines, history }, completed };
}
