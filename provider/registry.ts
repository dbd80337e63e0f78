import type { Resource } from './resource.ts';
import { cachePush } from './resources/cache-push.ts';
import { cacheRetention } from './resources/cache-retention.ts';
import { cacheStore } from './resources/cache-store.ts';
import { deployment } from './resources/deployment.ts';
import { diskImage } from './resources/disk-image.ts';
import { hardwareConfig } from './resources/hardware-config.ts';
import { image } from './resources/image.ts';
import { kernel } from './resources/kernel.ts';
import { labMachine } from './resources/lab-machine.ts';
import { labNetwork } from './resources/lab-network.ts';
import { liveSystems } from './resources/live-systems.ts';
import { machineBuilders } from './resources/machine-builders.ts';
import { rehearsal } from './resources/rehearsal.ts';
import { secret } from './resources/secret.ts';
import { signingKey } from './resources/signing-key.ts';
import { substituters } from './resources/substituters.ts';
import { system } from './resources/system.ts';
import { virtualMachine } from './resources/virtual-machine.ts';

// biome-ignore lint/suspicious/noExplicitAny: the one place where resources of different shapes stand side by side
export type AnyResource = Resource<any, any>;

const all: AnyResource[] = [
  kernel,
  image,
  hardwareConfig,
  diskImage,
  system,
  rehearsal,
  liveSystems,
  deployment,
  secret,
  signingKey,
  cacheStore,
  cachePush,
  cacheRetention,
  substituters,
  machineBuilders,
  labNetwork,
  labMachine,
  virtualMachine,
];

/** Every resource of the package, by its type token. */
export const registry: ReadonlyMap<string, AnyResource> = new Map(
  all.map((resource) => [resource.token, resource]),
);
