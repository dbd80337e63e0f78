import * as pulumi from '@pulumi/pulumi';
import { mapValues } from '../lib/base/map-values.ts';
import { refusePlainPasswords } from './config/become-password.ts';
import { diskInstallSettings } from './config/disk-installs.ts';
import { stackFlake } from './config/flake.ts';
import { resolveSecrets } from './config/host-secrets.ts';
import { hostSettings, labAddresses } from './config/hosts.ts';
import { imageSettings } from './config/images.ts';
import { stackLab, withLab } from './config/lab.ts';
import { parseStackConfig } from './config/parse-config.ts';
import { isSecretConfig, ownConfig } from './config/pulumi-config.ts';
import { note, warn } from './log.ts';
import { reachHosts } from './reach-hosts.ts';

/** The stack as its config describes it. */
export type Stack = Awaited<ReturnType<typeof readStack>>;

/** Reads the stack's config, and fetches what its lab is made of. */
export async function readStack() {
  const name = pulumi.getStack();
  const config = parseStackConfig(ownConfig(), name, warn);
  refusePlainPasswords(config, name, isSecretConfig);
  const hosts = hostSettings(config);
  const baseDirectory = pulumi.getRootDirectory();
  const flake = await stackFlake(config, baseDirectory);
  const lab = await stackLab(name, config, labAddresses(hosts), flake);
  if (lab) note(lab.decision.text);
  return {
    name,
    config,
    hosts,
    images: imageSettings(config),
    disks: await diskInstallSettings(config, hosts),
    secrets: await resolveSecrets(
      mapValues(hosts, ({ secrets }) => secrets),
      { baseDirectory, stack: name, encrypted: isSecretConfig('hosts') },
    ),
    /** Machines that exist already, by host. */
    machines: await reachHosts(name, hosts),
    lab,
    flake: withLab(flake, lab),
  };
}
