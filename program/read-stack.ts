import * as pulumi from '@pulumi/pulumi';
import { mapValues } from '../lib/base/map-values.ts';
import { ensureLabBase } from '../lib/local/lab/base.ts';
import { refuseClearPasswords } from './config/become-password.ts';
import { diskInstallSettings } from './config/disk-installs.ts';
import { stackFlake } from './config/flake.ts';
import { resolveSecrets } from './config/host-secrets.ts';
import { hostSettings, labAddresses } from './config/hosts.ts';
import { imageSettings } from './config/images.ts';
import { parseStackConfig } from './config/parse-config.ts';
import { isSecretConfig, ownConfig } from './config/pulumi-config.ts';
import { reachHosts } from './reach-hosts.ts';

/** The stack's config as the rest of the program takes it. */
export type Stack = Awaited<ReturnType<typeof readStack>>;

/** Reads the stack's config, and brings what its lab is made of. */
export async function readStack() {
  const config = parseStackConfig(ownConfig(), pulumi.getStack(), (line) => void pulumi.log.warn(line));
  refuseClearPasswords(config, isSecretConfig);
  const hosts = hostSettings(config);
  const baseDirectory = pulumi.getRootDirectory();
  const labMachines = labAddresses(hosts);
  return {
    name: pulumi.getStack(),
    config,
    hosts,
    images: imageSettings(config),
    disks: await diskInstallSettings(config, hosts),
    secrets: await resolveSecrets(
      mapValues(hosts, ({ secrets }) => secrets),
      { baseDirectory, encrypted: isSecretConfig('hosts') },
    ),
    /** The machines that exist already, by host. */
    machines: await reachHosts(pulumi.getStack(), hosts),
    labMachines,
    labBase: Object.keys(labMachines).length > 0 ? await ensureLabBase() : undefined,
    flake: await stackFlake(config, baseDirectory),
  };
}
