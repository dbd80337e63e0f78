/** Writes docs/reference.md from the schemas and the error table: `node docs/generate-reference.ts`. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { errorCodes } from '../lib/base/errors.ts';
import { cachePushInputs, cachePushState, cacheStoreInputs, cacheStoreState } from '../schema/cache.ts';
import { cacheRetentionInputs, cacheRetentionState } from '../schema/cache-retention.ts';
import { stackConfig } from '../schema/config.ts';
import { deploymentInputs, liveState } from '../schema/deployment.ts';
import { diskInstallInputs, diskInstallState } from '../schema/disk-install.ts';
import { hostFacts, kernelFacts } from '../schema/facts.ts';
import { hardwareConfigInputs, hardwareConfigState } from '../schema/hardware-config.ts';
import { imageInputs, imageState } from '../schema/image.ts';
import { machineBuildersInputs, machineBuildersState } from '../schema/machine-builders.ts';
import { secretInputs } from '../schema/secret.ts';
import { signingKeyInputs, signingKeyState } from '../schema/signing-key.ts';
import { substitutersInputs, substitutersState } from '../schema/substituters.ts';
import { virtualMachineInputs } from '../schema/virtual-machine.ts';

interface Property {
  type?: string;
  description?: string;
  default?: unknown;
  properties?: Record<string, Property>;
  additionalProperties?: Property | boolean;
  minimum?: number;
  maximum?: number;
}

const markdownCell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** One table row a property, nested ones by their path. */
function rows(property: Property, path = ''): string[] {
  const nested = Object.entries(property.properties ?? {});
  const values = property.additionalProperties;
  const own = path
    ? [
        `| \`${path}\` | ${typeName(property)} | ${property.default === undefined || isEmpty(property.default) ? '' : `\`${JSON.stringify(property.default)}\``} | ${markdownCell(property.description ?? '')} |`,
      ]
    : [];
  return [
    ...own,
    ...nested.flatMap(([name, child]) => rows(child, path ? `${path}.${name}` : name)),
    ...(typeof values === 'object' && values.properties ? rows(values, `${path}.<name>`) : []),
  ];
}

const isEmpty = (value: unknown) =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

function typeName({ type, additionalProperties, minimum, maximum }: Property): string {
  if (type === 'object' && typeof additionalProperties === 'object') {
    return `map of ${additionalProperties.type ?? 'value'}`;
  }
  const range = type === 'integer' && maximum !== undefined && maximum < 1e6 ? `, ${minimum}–${maximum}` : '';
  return `${type ?? 'any'}${range}`;
}

const table = (schema: z.ZodType) =>
  [
    '| key | type | default | meaning |',
    '|---|---|---|---|',
    ...rows(z.toJSONSchema(schema, { io: 'input' }) as Property),
  ].join('\n');

/** The outputs of a resource that are not among its inputs. */
const only = (outputs: z.ZodRawShape, inputs: z.ZodRawShape) =>
  Object.fromEntries(Object.entries(outputs).filter(([name]) => !(name in inputs)));

export function reference(): string {
  return `# Reference

Made by \`node docs/generate-reference.ts\` from \`schema/\` and \`lib/base/errors.ts\`; do not edit.

## Stack config

The keys of \`Pulumi.<stack>.yaml\`, under the project's namespace (\`nixos-fleet:hosts\`, …). An unknown key is an error.

${table(stackConfig)}

Of the provider itself, under \`nixos:\`:

| key | type | default | meaning |
|---|---|---|---|
| \`onFailure\` | \`continue\` or \`stop\` | \`continue\` | Whether the other machines go on when one fails. |

## Deployment

Inputs of \`nixos:index:Deployment\`.

${table(deploymentInputs)}

Its output \`live\`, read from the machine:

${table(liveState)}

## Secret

Inputs of \`nixos:index:Secret\`; [secrets.md](secrets.md) tells how they are used.

${table(secretInputs)}

## SigningKey

Inputs of \`nixos:index:SigningKey\`; [caches.md](caches.md) tells how a key is used and rotated.

${table(signingKeyInputs)}

And what it makes:

${table(z.object(only(signingKeyState.shape, signingKeyInputs.shape)))}

## CacheStore, CachePush, Substituters

Inputs of \`nixos:index:CacheStore\`, the content of a binary cache, and its own output:

${table(cacheStoreInputs)}

${table(z.object(only(cacheStoreState.shape, cacheStoreInputs.shape)))}

Of \`nixos:index:CachePush\`, one closure in it:

${table(cachePushInputs)}

${table(z.object(only(cachePushState.shape, cachePushInputs.shape)))}

Of \`nixos:index:CacheRetention\`, what it keeps:

${table(cacheRetentionInputs)}

${table(z.object(only(cacheRetentionState.shape, cacheRetentionInputs.shape)))}

And of \`nixos:index:Substituters\`, the caches that one machine asks:

${table(substitutersInputs)}

${table(z.object(only(substitutersState.shape, substitutersInputs.shape)))}

## Builders of machines

Inputs of \`nixos:index:MachineBuilders\`, the builders that one machine's own Nix builds with; its id is the machine-id:

${table(machineBuildersInputs)}

${table(z.object(only(machineBuildersState.shape, machineBuildersInputs.shape)))}

## HardwareConfig

Inputs of \`nixos:index:HardwareConfig\`; [hardware.md](hardware.md) tells how it is used.

${table(hardwareConfigInputs)}

And what it tells of the file:

${table(z.object(only(hardwareConfigState.shape, hardwareConfigInputs.shape)))}

## Image

Inputs of \`nixos:index:Image\`; [images.md](images.md) tells how one is declared.

${table(imageInputs)}

And what it tells of the built image:

${table(z.object(only(imageState.shape, imageInputs.shape)))}

## DiskInstall

Inputs of \`nixos:index:DiskInstall\`; [disk-installs.md](disk-installs.md) tells how one is declared.

${table(diskInstallInputs)}

And what it tells of what was written:

${table(z.object(only(diskInstallState.shape, diskInstallInputs.shape)))}

## Virtual machine

Inputs of \`nixos:index:VirtualMachine\`; [virtual-machines.md](virtual-machines.md) tells how they are used.

${table(virtualMachineInputs)}

## Facts

What a preview shows of a machine, under \`facts\` of its deployment:

${table(hostFacts)}

And of a kernel, as inputs of \`nixos:index:Kernel\`:

${table(kernelFacts)}

## Errors

Each error message ends its first line with one of these codes, then says why and what to do.

| code | meaning |
|---|---|
${Object.entries(errorCodes)
  .map(([code, meaning]) => `| \`${code}\` | ${meaning} |`)
  .join('\n')}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(fileURLToPath(new URL('reference.md', import.meta.url)), reference());
}
