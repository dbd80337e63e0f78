/** Writes docs/reference.md from the schemas and the error table: `npm run reference`. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { errorCodes } from '../lib/base/errors.ts';
import type { ProviderComponent } from '../provider/component.ts';
import type { AnyFunction } from '../provider/function.ts';
import { components, functions, registry } from '../provider/registry.ts';
import type { AnyResource } from '../provider/resource.ts';
import { providerConfig } from '../provider/service/configuration.ts';
import { builder } from '../schema/builder.ts';
import { cacheConfig } from '../schema/cache-config.ts';
import { componentSecret, fleetHost } from '../schema/components.ts';
import { stackConfig } from '../schema/config.ts';
import { connectionSettings } from '../schema/connection.ts';
import { deploymentSettings } from '../schema/deployment.ts';
import { diskInstallConfig } from '../schema/disk-install.ts';
import { hostFacts } from '../schema/facts.ts';
import { hostHardwareConfig } from '../schema/hardware-config.ts';
import { healthCheck } from '../schema/health-check.ts';
import { hostCommand } from '../schema/host-command.ts';
import { imageConfig } from '../schema/image.ts';
import { rehearsalSettings } from '../schema/rehearsal.ts';
import { happenings } from '../schema/run-event.ts';
import { hostSecret } from '../schema/secret.ts';
import { type SshKeyword, sshKeywords } from '../schema/ssh-keywords.ts';
import { virtualMachineConfig } from '../schema/virtual-machine.ts';
import { link, outputs, row, type Section, settings } from './reference-tables.ts';

const { hosts, defaults } = stackConfig.shape;

/** A section with what is said above its table. */
interface Described extends Section {
  text: string;
}

const connection: Described = {
  title: 'Connection',
  schema: connectionSettings,
  text: 'How a machine is entered. Without a setting, the user’s own ssh configuration decides.',
};
const deployment: Described = {
  title: 'Deployment settings',
  schema: deploymentSettings,
  text: 'How a machine is deployed to ([reliability.md](reliability.md)).',
};
const defaultsSection: Described = {
  title: 'Defaults',
  schema: defaults.unwrap(),
  text: '`defaults`: settings for all hosts; a host’s own go before them.',
  inherits: [connection, deployment],
};
const virtualMachines: Described = {
  title: 'Virtual machines',
  schema: virtualMachineConfig,
  text: '`virtualMachines.<name>`: a virtual machine on the operator’s computer ([virtual-machines.md](virtual-machines.md)).',
};
const diskInstalls: Described = {
  title: 'Disk installs',
  schema: diskInstallConfig,
  text: '`diskInstalls.<name>`: an image that is installed on a disk of the machine of this name ([disk-installs.md](disk-installs.md)). What its connection leaves out is the host’s.',
  inherits: [connection],
};
const images: Described = {
  title: 'Images',
  schema: imageConfig,
  text: '`images.<name>`: a disk image, built on the operator’s computer ([images.md](images.md)).',
};
const builders: Described = {
  title: 'Builders',
  schema: builder,
  text: '`builders.<name>`: a machine that builds ([builders.md](builders.md)).',
};
const secrets: Described = {
  title: 'Host secrets',
  schema: hostSecret,
  text: '`hosts.<name>.secrets.<name>`: a file whose content is in no Nix store ([secrets.md](secrets.md)).',
};

const hardwareDetection: Described = {
  title: 'Hardware detection',
  schema: hostHardwareConfig,
  text: '`hosts.<name>.hardwareConfig`: how the machine’s hardware is detected ([hardware.md](hardware.md)).',
};

const componentSecrets: Described = {
  title: 'Secrets of a component',
  schema: componentSecret,
  text: '`secrets.<name>` of a machine that a program declares.',
  inherits: [secrets],
};
const componentMachines: Described = {
  title: 'Machines of a fleet',
  schema: fleetHost,
  text: '`hosts.<name>` of a fleet that a program declares.',
  inherits: [deployment],
};

/** Of the stack's config, in their order. */
const sections: Described[] = [
  {
    title: 'Hosts',
    schema: hosts.unwrap().valueType,
    text: '`hosts.<name>`: one machine ([hosts.md](hosts.md)).',
    inherits: [defaultsSection, connection, deployment],
  },
  defaultsSection,
  connection,
  deployment,
  {
    title: 'Health checks',
    schema: healthCheck,
    text: '`hosts.<name>.healthChecks.<name>`: exactly one of `command`, `tcp`, `http` and `units`.',
  },
  secrets,
  {
    title: 'Commands',
    schema: hostCommand,
    text: '`hosts.<name>.commands.before.<name>` and `.after.<name>`: a command on the machine, run by @pulumi/command.',
  },
  {
    title: 'Rehearsals',
    schema: rehearsalSettings,
    text: '`hosts.<name>.rehearse`: the virtual machine in which a new system is booted first.',
  },
  hardwareDetection,
  {
    title: 'Caches',
    schema: cacheConfig,
    text: '`caches.<name>`: a binary cache ([caches.md](caches.md)).',
  },
  builders,
  images,
  diskInstalls,
  virtualMachines,
];

/** Of a resource: the sections that have settings of its inputs. */
const inherits: Readonly<Record<string, readonly Section[]>> = {
  Deployment: [deployment],
  HardwareConfig: [hardwareDetection],
  DiskInstall: [diskInstalls],
  Secret: [secrets],
  VirtualMachine: [virtualMachines],
  Host: [componentMachines],
};

/** With what components alone have. */
const all = [...sections, componentSecrets, componentMachines];

function section({ title, schema, text, inherits = [] }: Described): string {
  const others = all.filter((other) => other.title !== title);
  return `### ${title}\n\n${text}\n\n${settings(schema, others, inherits)}`;
}

function resource({ token, description, inputs, state }: AnyResource): string {
  const name = token.split(':').at(-1) as string;
  const parts = [`### ${name}`, `\`${token}\`: ${description}`];
  if (!(inputs instanceof z.ZodObject) || !(state instanceof z.ZodObject)) return parts.join('\n\n');
  const read = z.object(
    Object.fromEntries(Object.entries(state.shape).filter(([output]) => !(output in inputs.shape))),
  );
  parts.push(settings(inputs, sections, inherits[name]));
  if (Object.keys(read.shape).length > 0) parts.push('Outputs:', outputs(read, sections));
  return parts.join('\n\n');
}

function component({ token, description, args, outputs: read }: ProviderComponent): string {
  const name = token.split(':').at(-1) as string;
  const parts = [`### ${name}`, `\`${token}\`: ${description}`, settings(args, all, inherits[name])];
  return [...parts, 'Outputs:', outputs(read, all)].join('\n\n');
}

function calledFunction({ token, description, args, result }: AnyFunction): string {
  const parts = [`### ${token.split(':').at(-1)}`, `\`${token}\`: ${description}`];
  if (args instanceof z.ZodObject && Object.keys(args.shape).length > 0) parts.push(settings(args, sections));
  return [...parts, 'Result:', outputs(result, sections)].join('\n\n');
}

function sshKeywordsTable(): string {
  const rows = Object.entries(sshKeywords).map(([name, keyword]) => row(`\`${name}\``, decision(keyword)));
  return ['| keyword | decided by |', '|---|---|', ...rows].join('\n');
}

function decision(keyword: SshKeyword): string {
  switch (keyword.by) {
    case 'user':
      return 'user';
    case 'file':
      return 'user, in files only';
    case 'setting':
      return `\`${keyword.setting}\`; without it ${keyword.otherwise === 'ssh_config' ? 'the user, in files only' : `\`${keyword.otherwise}\``}`;
    case 'product':
      return `${keyword.value === undefined ? 'nixos-fleet' : `nixos-fleet: \`${keyword.value}\``}: ${keyword.why}`;
    case 'nobody':
      return `no effect: nixos-fleet decides \`${keyword.because}\``;
    default:
      return keyword satisfies never;
  }
}

function eventSection(event: (typeof happenings)[number]): string {
  const title = `### ${event.shape.event.value}\n\n${event.description ?? ''}`;
  const { event: _, ...rest } = event.shape;
  return Object.keys(rest).length > 0 ? `${title}\n\n${outputs(z.object(rest), sections)}` : title;
}

export function reference(): string {
  return `# Reference

Made by \`npm run reference\` from \`schema/\`, \`provider/\` and \`lib/base/errors.ts\`; do not edit.

## Stack config

The keys of \`Pulumi.<stack>.yaml\`, under the namespace \`nixos-fleet\` (\`nixos-fleet:hosts\`, …), or the project's own. An
unknown key is an error. Editors with a YAML language server complete and check them by a first line that names
[config.schema.json](config.schema.json): \`# yaml-language-server: $schema=PATH\`.

${settings(stackConfig, sections)}

${sections.map(section).join('\n\n')}

### Keywords of ssh_config

Who decides each keyword of ssh_config(5): the user, in \`~/.ssh/config\`, \`/etc/ssh/ssh_config\` or
\`sshOptions\`, or nixos-fleet, for machines, jump hosts and builders alike. Keywords that are missing
here are the user's.

${sshKeywordsTable()}

### Provider

Of the provider itself, under \`nixos:\` (\`nixos:onFailure\`).

${settings(providerConfig, sections)}

## Resources

What a program declares, and a preview shows. Most have a class of the same name in this package.

${[...registry.values()].map(resource).join('\n\n')}

## Components

For programs in any language ([languages.md](languages.md)). The classes of this package for TypeScript take the same settings,
and more.

${[...components.values()].map(component).join('\n\n')}

${[componentMachines, componentSecrets].map(section).join('\n\n')}

## Functions

Called by programs in any language ([languages.md](languages.md)). They change nothing.

${[...functions.values()].map(calledFunction).join('\n\n')}

## Facts

What a preview shows of a machine, under \`facts\` of its ${link('Deployment')}:

${outputs(hostFacts, sections)}

## Events

Lines of \`npm run fleet -- … --events FILE\` ([events.md](events.md)). Each has \`event\`, and \`at\`, its time.

${happenings.map(eventSection).join('\n\n')}

## Errors

Each error message ends its first line with one of these codes, then says why and what to do.

| code | meaning |
|---|---|
${Object.entries(errorCodes)
  .map(([code, meaning]) => row(`\`${code}\``, meaning))
  .join('\n')}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(fileURLToPath(new URL('reference.md', import.meta.url)), reference());
}
