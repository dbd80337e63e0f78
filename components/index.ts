import './use-launcher.ts';

export type { BuildersArgs } from '../schema/builder.ts';
export { BinaryCache, type BinaryCacheArgs, type CacheSource } from './binary-cache.ts';
export {
  CachePush,
  CacheRetention,
  CacheStore,
  type KeepArgs,
  type KeptMachineArgs,
  Substituters,
} from './cache-resources.ts';
export { declareCaches } from './caches.ts';
export type { CommandProxyArgs } from './command-connection.ts';
export type { ConnectionArgs } from './connection.ts';
export { Deployment, type DeploymentArgs } from './deployment.ts';
export { DiskInstall, type DiskInstallArgs } from './disk-install.ts';
export { DiskInstalls, type DiskInstallsArgs } from './disk-installs.ts';
export { Fleet, type FleetArgs, type FleetHost, type MachineSummary } from './fleet.ts';
export { HardwareConfig, type HardwareConfigArgs } from './hardware-config.ts';
export { Host, type HostArgs, type HostOrder } from './host.ts';
export type { HostCommand, HostCommandsArgs, HostFile } from './host-commands.ts';
export { Image, type ImageArgs } from './image.ts';
export { type ImageSummary, Images, type ImagesArgs } from './images.ts';
export { Kernel } from './kernel.ts';
export { Lab, type LabArgs } from './lab.ts';
export { LiveSystems } from './live-systems.ts';
export { MachineBuilders, type MachineBuildersArgs } from './machine-builders.ts';
export { type HostRehearsal, Rehearsal, type RehearsalArgs } from './rehearsal.ts';
export {
  Delivery,
  type DeliveryArgs,
  type GateArgs,
  Rollout,
  type RolloutArgs,
  Wave,
  type WaveMachine,
  type WavePlan,
} from './rollout.ts';
export {
  type HostSecret,
  Secret,
  type SecretArgs,
  type SecretFileArgs,
  Secrets,
  type SecretsArgs,
} from './secret.ts';
export { SigningKey, type SigningKeyArgs } from './signing-key.ts';
export { System } from './system.ts';
export { VirtualMachine, type VirtualMachineArgs } from './virtual-machine.ts';
export { VirtualMachines, type VirtualMachinesArgs } from './virtual-machines.ts';
