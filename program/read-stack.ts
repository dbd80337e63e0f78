import * as pulumi from '@pulumi/pulumi';
import { refuseClearPasswords } from '../lib/config/become-password.ts';
import { diskImageSettings } from '../lib/config/disk-images.ts';
import { stackFlake } from '../lib/config/flake.ts';
import { resolveSecrets } from '../lib/config/host-secrets.ts';
import { hostSettings, labAddresses } from '../lib/config/hosts.ts';
import { imageSettings } from '../lib/config/images.ts';
import { parseConfig } from '../lib/config/parse-config.ts';
import { isSecretConfig, ownConfig } from '../lib/config/pulumi-config.ts';
import { ensureLabBase } from '../lib/lab/base.ts';
import { reachHosts } from '../lib/machine/reach-hosts.ts';
import { mapValues } from '../lib/map-values.ts';

/** The stack's config as the rest of the program takes it. */
export type Stack = Awaited<ReturnType<typeof readStack>>;

/** Reads the stack's config, and brings what its lab is made of. */
export async function readStack() {
  const config = parseConfig(ownConfig(), pulumi.getStack());
  refuseClearPasswords(config, isSecretConfig);
  const hosts = hostSettings(config);
  const baseDirectory = pulumi.getRootDirectory();
  const labMachines = labAddresses(hosts);
  return {
    name: pulumi.getStack(),
    config,
    hosts,
    images: imageSettings(config),
    disks: await diskImageSettings(config, hosts),
    secrets: await resolveSecrets(
      mapValues(hosts, ({ secrets }) => secrets),
      { baseDirectory, encrypted: isSecretConfig('hosts') },
    ),
    /** How the machines that are there already are reached. */
    reached: await reachHosts(pulumi.getStack(), hosts),
    labMachines,
    labBase: Object.keys(labMachines).length > 0 ? await ensureLabBase() : undefined,
    flake: await stackFlake(config, baseDirectory),
  };
}
