import type { ProviderComponent } from './component.ts';
import { fleet, host, lab } from './components/components.ts';
import type { AnyFunction } from './function.ts';
import { evaluate } from './functions/evaluate.ts';
import { getVersion } from './functions/get-version.ts';
import { machine } from './functions/machine.ts';
import type { AnyResource } from './resource.ts';
import { cachePush } from './resources/cache-push/cache-push.ts';
import { cacheRetention } from './resources/cache-retention/cache-retention.ts';
import { cacheStore } from './resources/cache-store/cache-store.ts';
import { delivery } from './resources/delivery/delivery.ts';
import { deployment } from './resources/deployment/deployment.ts';
import { diskInstall } from './resources/disk-install/disk-install.ts';
import { hardwareConfig } from './resources/hardware-config/hardware-config.ts';
import { image } from './resources/image/image.ts';
import { kernel } from './resources/kernel/kernel.ts';
import { labMachine } from './resources/lab-machine/lab-machine.ts';
import { labNetwork } from './resources/lab-network/lab-network.ts';
import { liveSystems } from './resources/live-systems/live-systems.ts';
import { machineBuilders } from './resources/machine-builders/machine-builders.ts';
import { rehearsal } from './resources/rehearsal/rehearsal.ts';
import { rollout } from './resources/rollout/rollout.ts';
import { secret } from './resources/secret/secret.ts';
import { secrets } from './resources/secrets/secrets.ts';
import { signingKey } from './resources/signing-key/signing-key.ts';
import { substituters } from './resources/substituters/substituters.ts';
import { system } from './resources/system/system.ts';
import { virtualMachine } from './resources/virtual-machine/virtual-machine.ts';
import { wave } from './resources/wave/wave.ts';

const all: AnyResource[] = [
  kernel,
  image,
  hardwareConfig,
  diskInstall,
  system,
  rehearsal,
  liveSystems,
  rollout,
  delivery,
  deployment,
  wave,
  secret,
  secrets,
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

/** Every function of the package, by its token. */
export const functions: ReadonlyMap<string, AnyFunction> = new Map(
  [evaluate, machine, getVersion].map((each) => [each.token, each]),
);

/** Every component that programs in any language declare, by its type token. */
export const components: ReadonlyMap<string, ProviderComponent> = new Map(
  [fleet, host, lab].map((each) => [each.token, each]),
);
