/**
 * Updates inputs of the stack's flake, and shows the changes on each machine.
 * Usage: node commands/update/main.ts INPUT… [--stack STACK] [--dry-run] [--keep]
 * --dry-run writes no lock file; --keep writes it even if a machine no longer evaluates.
 * Exit code: 1 if a machine no longer evaluates, 2 if the update could not be tried.
 */
import { FleetError } from '../../lib/base/errors.ts';
import { describeInputs } from '../../lib/evaluation/input-ages.ts';
import { configureKernels } from '../../lib/kernel/configure.ts';
import { lockFlake } from '../../lib/store/nix/flake.ts';
import { stackFlake } from '../../program/config/flake.ts';
import { hostSettings } from '../../program/config/hosts.ts';
import { imageSettings } from '../../program/config/images.ts';
import { interruptSignal, print, runCommand } from '../command.ts';
import { readStackConfig } from '../stack-config.ts';
import { closureChanges } from './closures.ts';
import { brokenTargets, compareFleets } from './compare.ts';
import { describeFleetChange, describeInputChanges } from './report.ts';
import { takeLock } from './take-lock.ts';
import { evaluateBoth, newerLock, type UpdateRequest } from './update.ts';

const usage = 'usage: nixos-fleet update INPUT… [--stack STACK] [--dry-run] [--keep]';

interface UpdateOptions {
  stack?: string;
  'dry-run': boolean;
  keep: boolean;
}

async function update(options: UpdateOptions, inputs: string[]): Promise<number> {
  const signal = interruptSignal();
  const { folder, config } = await readStackConfig(options.stack);
  const hosts = hostSettings(config);
  const request: UpdateRequest = {
    ...(await stackFlake(config, folder)),
    hosts: Object.fromEntries(
      Object.entries(hosts).map(([name, { configuration }]) => [name, configuration]),
    ),
    images: imageSettings(config),
    memoryMiB: config.evaluationMemoryMiB,
    signal,
    onProgress: showProgress,
  };
  const now = Date.now() / 1000;
  if (inputs.length === 0) throw await missingInput(request, now);
  const lock = await newerLock(request, inputs);
  if (lock.changes.length === 0) {
    print(`${inputs.join(', ')}: already at the newest version\n`);
    return 0;
  }
  print(describeInputChanges(lock.changes, now));
  const { before, after } = await evaluateBoth(request, lock, async (kernels) =>
    config.kernelPreview === 'configure'
      ? (await configureKernels(kernels, { signal, onProgress: showProgress })).kernels
      : kernels,
  ).finally(() => showProgress(''));
  const closures = await closureChanges(before, after, signal);
  const change = compareFleets(before, after, (name) => ({
    reboot: hosts[name]?.reboot,
    closure: closures[name],
  }));
  print(describeFleetChange(change));
  const broken = brokenTargets(change);
  const take = !options['dry-run'] && (broken.length === 0 || options.keep);
  if (take) await takeLock(lock);
  print(
    take
      ? `\n${lock.path} is updated.\n`
      : options['dry-run']
        ? `\n${lock.path} is unchanged: --dry-run.\n`
        : `\n${lock.path} is unchanged, as ${broken.join(', ')} no longer ${broken.length === 1 ? 'evaluates' : 'evaluate'}. To update it anyway: --keep\n`,
  );
  return broken.length > 0 ? 1 : 0;
}

async function missingInput(request: UpdateRequest, now: number): Promise<FleetError> {
  const { inputs, locks } = await lockFlake({ ...request, writeLock: false });
  const names = Object.keys(locks.nodes[locks.root]?.inputs ?? {});
  const { note = `the flake has: ${names.join(', ')}` } = describeInputs(inputs, { now });
  return new FleetError({
    code: 'config-invalid',
    what: 'the name of an input is missing',
    why: note,
    fix: usage,
  });
}

/** Shows one line on a terminal. */
function showProgress(message: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${message}`);
}

await runCommand(
  {
    usage,
    summary: 'Updates flake inputs, and shows what changes on each machine.',
    examples: ['update nixpkgs', 'update nixpkgs --dry-run'],
    options: {
      'dry-run': { type: 'boolean', default: false, describe: 'write no lock file' },
      keep: { type: 'boolean', default: false, describe: 'write it even if a machine no longer evaluates' },
    },
  },
  update,
);
