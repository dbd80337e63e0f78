export { type ConnectionArgs, Deployment, type DeploymentArgs } from './deployment.ts';
export { Fleet, type FleetArgs, type FleetHost, type MachineSummary } from './fleet.ts';
export { Host, type HostArgs } from './host.ts';
export { Kernel } from './kernel.ts';
export { Lab, type LabArgs } from './lab.ts';
export { LiveSystems } from './live-systems.ts';
export { type HostSecret, Secret, type SecretArgs } from './secret.ts';
export { SigningKey, type SigningKeyArgs } from './signing-key.ts';
export { System } from './system.ts';
