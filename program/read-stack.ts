import * as pulumi from '../components/pulumi.ts';
import { mapValues } from '../lib/base/map-values.ts';
import { pickBy } from '../lib/base/pick.ts';
import { refusePlainPasswords } from './config/become-password.ts';
import { diskInstallSettings } from './config/disk-installs.ts';
import { stackFlake } from './config/flake.ts';
import { resolveSecrets } from './config/host-secrets.ts';
import { hostSettings, labAddresses } from './config/hosts.ts';
import { imageSettings } from './config/images.ts';
import { stackLab, withLab } from './config/lab.ts';
import { narrow } from './config/narrow.ts';
import { parseStackConfig } from './config/parse-config.ts';
import { isSecretConfig, ownConfig } from './config/pulumi-config.ts';
import { note, warn } from './log.ts';
import { reachHosts } from './reach-hosts.ts';
import { readSelection } from './selection.ts';

/** The stack as its config describes it. */
export type Stack = Awaited<ReturnType<typeof readStack>>;

/** Reads the stack's config, and fetches what its lab is made of. */
export async function readStack() {
  const name = pulumi.getStack();
  const whole = parseStackConfig(ownConfig(), name, warn);
  refusePlainPasswords(whole, name, isSecretConfig);
  const all = hostSettings(whole);
  const selection = readSelection();
  const isSelected = (host: string) => selection?.selected.includes(host) ?? true;
  // A host that is neither selected nor recorded is not declared.
  const hosts = pickBy(all, (host) => isSelected(host) || selection?.recorded[host] !== undefined);
  const selected = pickBy(hosts, isSelected);
  const config = selection ? { ...whole, ...narrow(whole, all, selection.selected) } : whole;
  const baseDirectory = pulumi.getRootDirectory();
  const flake = await stackFlake(config, baseDirectory);
  const lab = await stackLab(name, config, labAddresses(all), flake);
  if (lab) note(lab.decision.text);
  const machines = await reachHosts(name, hosts);
  return {
    name,
    config,
    hosts,
    /** The hosts that this run is about: only they are evaluated and contacted. */
    selected,
    selection,
    images: imageSettings(config),
    disks: await diskInstallSettings(config, hosts),
    secrets: await resolveSecrets(
      mapValues(selected, ({ secrets }) => secrets),
      { baseDirectory, stack: name, encrypted: isSecretConfig('hosts') },
    ),
    /** Selected machines that exist already, by host. */
    machines: pickBy(machines, isSelected),
    /** How the other machines are reached, by host. */
    others: mapValues(
      pickBy(machines, (host) => !isSelected(host)),
      ({ connection }) => connection,
    ),
    lab,
    flake: withLab(flake, lab),
  };
}
