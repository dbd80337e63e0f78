/**
 * Installs a host of the stack on a bare machine that runs an installer of NixOS and is reached over ssh.
 * Usage: node commands/install/main.ts HOST --disk DEVICE=SERIAL… [options]; see docs/hosts.md
 * Exit code 2 if it was not installed.
 */
import { FleetError } from '../../lib/base/errors.ts';
import { evaluateFleet } from '../../lib/evaluation/evaluate-fleet.ts';
import { installSystem } from '../../lib/images/disk/install-system.ts';
import { machineAt } from '../../lib/machine/ssh/machine-at.ts';
import { realiseOutput } from '../../lib/store/nix/realise.ts';
import { stackFlake } from '../../program/config/flake.ts';
import { connectionOf, type HostSettings, hostSettings } from '../../program/config/hosts.ts';
import { connection as connectionSchema } from '../../schema/connection.ts';
import { interruptSignal, printSteps, runCommand } from '../command.ts';
import { readStackConfig } from '../stack-config.ts';
import { type InstallOptions, installerConnection, layoutDisks } from './options.ts';

const usage =
  'usage: nixos-fleet install-host HOST --disk DEVICE=SERIAL… [--overwrite SERIAL…] [--address ADDRESS] [--user USER] [--host-key KEY] [--layout NAME] [--new-host-keys] [--no-reboot] [--stack STACK]';

async function install(
  options: InstallOptions & { stack?: string },
  [name, ...rest]: string[],
): Promise<number> {
  if (name === undefined || rest.length > 0) throw mistake('name one host', usage);
  const disks = layoutDisks(options);
  const signal = interruptSignal();
  const { folder, config } = await readStackConfig(options.stack);
  const host = hostSettings(config)[name];
  if (!host)
    throw mistake(`the stack has no host '${name}'`, `Name one of ${Object.keys(config.hosts).join(', ')}.`);
  const installed = connectionSchema.parse(connectionOf(host));
  if (installed.local) throw mistake(`${name} is this computer`, 'Install it from another one.');
  const machine = machineAt(name, installerConnection(installed, options));
  const status = printSteps(name);
  try {
    status('evaluating');
    const flake = await stackFlake(config, folder);
    const { system, layout, platform } = await build(name, host, { flake, options, signal, status });
    await installSystem(machine, {
      ...{ system, layout, platform, disks, signal, status },
      keepHostKeys: !options['new-host-keys'],
      substitute: host.delivery !== undefined && host.delivery !== 'copy',
      after: options['no-reboot'] ? undefined : machineAt(name, installed),
      bootTimeoutSeconds: 600,
    });
    status(`runs ${system}; pulumi up adopts it without a change`);
    return 0;
  } finally {
    await machine.close();
  }
}

interface BuildRequest {
  flake: Awaited<ReturnType<typeof stackFlake>>;
  options: InstallOptions;
  signal: AbortSignal;
  status: (line: string) => void;
}

/** Builds the host's system and its layout. */
async function build(name: string, { configuration }: HostSettings, request: BuildRequest) {
  const { flake, options, signal, status } = request;
  const output = { configuration, attribute: ['system', 'build', options.layout], host: name };
  const evaluated = await evaluateFleet({
    ...flake,
    hosts: { [name]: configuration },
    outputs: { layout: output },
    signal,
  });
  const [host, layout] = [evaluated.hosts[name], evaluated.outputs.layout];
  if (host?.ok !== true) throw host?.error ?? new Error(`${name} was not evaluated`);
  if (layout?.ok !== true) throw layout?.error ?? new Error(`the layout of ${name} was not evaluated`);
  for (const { drvPath, outPath } of [host, layout])
    await realiseOutput({ drvPath, output: 'out', path: outPath }, { onLine: status, signal });
  return { system: host.outPath, layout: layout.outPath, platform: host.facts.platform };
}

function mistake(what: string, fix: string): FleetError {
  return new FleetError({ code: 'config-invalid', what, fix });
}

await runCommand(
  {
    usage,
    summary: 'Installs a host on a bare machine that runs an installer of NixOS.',
    examples: ['install-host web --disk /dev/vda=size:10737418240 --address 192.0.2.7'],
    options: {
      disk: {
        type: 'string',
        multiple: true,
        default: [],
        value: 'DEVICE=SERIAL',
        describe: 'a disk that the layout writes',
      },
      overwrite: {
        type: 'string',
        multiple: true,
        default: [],
        value: 'SERIAL',
        describe: 'a disk whose data may be lost',
      },
      address: { type: 'string', value: 'ADDRESS', describe: 'of the installer' },
      user: { type: 'string', value: 'USER', describe: 'of the installer' },
      'host-key': { type: 'string', value: 'KEY', describe: 'of the installer' },
      layout: { type: 'string', value: 'NAME', describe: 'attribute of the layout', default: 'diskoScript' },
      'new-host-keys': { type: 'boolean', default: false, describe: 'keep no host keys' },
      'no-reboot': { type: 'boolean', default: false, describe: 'stay in the installer' },
    },
  },
  install,
);
