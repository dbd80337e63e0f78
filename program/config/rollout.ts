import type { RolloutArgs, WavePlan } from '../../components/index.ts';
import { FleetError } from '../../lib/base/errors.ts';
import { mapValues } from '../../lib/base/map-values.ts';
import { closest, listed } from '../../lib/base/text.ts';
import type { RolloutConfig } from '../../schema/rollout.ts';
import type { HostSettings } from './hosts.ts';
import { matchHosts } from './select-hosts.ts';

type Hosts = Readonly<Record<string, HostSettings>>;

/**
 * The waves of the stack's rollout with their hosts; hosts of none are left out. A gate's machine has no connection yet.
 * @throws FleetError config-invalid
 */
export function rolloutPlan({ stage, waves }: RolloutConfig, hosts: Hosts): RolloutArgs {
  const taken = new Set<string>();
  return {
    stage,
    waves: waves.map(({ name, hosts: selectors, gates, ...settings }, at): WavePlan => {
      const own = matchHosts(selectors, hosts).filter((host) => !taken.has(host));
      for (const host of own) taken.add(host);
      const wave = { ...settings, name: name ?? `wave${at + 1}`, hosts: own };
      if (wave.together) assertTogether(wave, hosts);
      return {
        ...wave,
        gates: mapValues(gates, ({ on, ...check }, gate) => {
          if (on !== undefined && !(on in hosts)) throw noHost(wave.name, gate, on, hosts);
          return { check, on };
        }),
      };
    }),
  };
}

/** Refuses settings with which a machine cannot wait for the others before it is confirmed. */
function assertTogether({ name, hosts: own }: WavePlan, hosts: Hosts): void {
  const problemOf = ({ action = 'switch', via = 'supervisor', reboot = 'never' }: HostSettings) =>
    action !== 'switch'
      ? `action: ${action}`
      : via !== 'supervisor'
        ? `via: ${via}`
        : reboot !== 'never'
          ? `reboot: ${reboot}`
          : undefined;
  const problems = own.flatMap((host) => {
    const problem = hosts[host] && problemOf(hosts[host]);
    return problem === undefined ? [] : [`${host} has ${problem}`];
  });
  if (problems.length === 0) return;
  throw new FleetError({
    code: 'config-invalid',
    what: `the machines of the wave ${name} cannot be switched together`,
    why: listed(problems),
    fix: 'A wave that is switched together needs action: switch, via: supervisor and reboot: never.',
  });
}

function noHost(wave: string, gate: string, on: string, hosts: Hosts): FleetError {
  const guess = closest(on, Object.keys(hosts));
  return new FleetError({
    code: 'config-invalid',
    what: `the gate ${gate} of the wave ${wave} is on ${on}, which is no host of the stack`,
    fix: guess ? `Did you mean ${guess}?` : `Name one of ${listed(Object.keys(hosts))}.`,
  });
}
