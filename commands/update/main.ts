/**
 * Updates inputs of the stack's flake, and shows what each machine would gain.
 * Usage: node commands/update/main.ts INPUT… [--stack STACK] [--dry-run] [--keep]
 * --dry-run writes no lock file; --keep writes it even where a machine can no longer be evaluated.
 * Ends with 1 where a machine can no longer be evaluated, and with 2 where the update could not be tried.
 */
import { FleetError } from '../../lib/base/errors.ts';
import { describeInputs } from '../../lib/evaluation/input-ages.ts';
import { configureKernels } from '../../lib/kernel/configure.ts';
import { lockFlake } from '../../lib/store/nix/flake.ts';
import { stackFlake } from '../../program/config/flake.ts';
import { hostSettings } from '../../program/config/hosts.ts';
import { imageSettings } from '../../program/config/images.ts';
import { interruptSignal, runCommand } from '../command.ts';
import { readStackConfig } from '../stack-config.ts';
import { brokenTargets, compareFleets } from './compare.ts';
import { describeFleetChange, describeInputChanges } from './report.ts';
import { takeLock } from './take-lock.ts';
import { evaluateBoth, newerLock, type UpdateRequest } from './update.ts';

const usage = 'usage: npm run update -- INPUT… [--stack STACK] [--dry-run] [--keep]';

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
  if (inputs.length === 0) throw await nothingNamed(request, now);
  const lock = await newerLock(request, inputs);
  if (lock.changes.length === 0) {
    process.stdout.write(`${inputs.join(', ')}: at the newest version already\n`);
    return 0;
  }
  process.stdout.write(describeInputChanges(lock.changes, now));
  const { before, after } = await evaluateBoth(request, lock, async (kernels) =>
    config.kernelPreview === 'configure'
      ? (await configureKernels(kernels, { signal, onProgress: showProgress })).kernels
      : kernels,
  ).finally(() => showProgress(''));
  const change = compareFleets(before, after, (name) => hosts[name]?.reboot);
  process.stdout.write(describeFleetChange(change));
  const broken = brokenTargets(change);
  const take = !options['dry-run'] && (broken.length === 0 || options.keep);
  if (take) await takeLock(lock);
  process.stdout.write(
    take
      ? `\n${lock.path} is updated.\n`
      : options['dry-run']
        ? `\n${lock.path} stays as it is: --dry-run.\n`
        : `\n${lock.path} stays as it is, for ${broken.join(', ')} could no longer be evaluated. To take it all the same: --keep\n`,
  );
  return broken.length > 0 ? 1 : 0;
}

async function nothingNamed(request: UpdateRequest, now: number): Promise<FleetError> {
  const { inputs, locks } = await lockFlake({ ...request, writeLock: false });
  const names = Object.keys(locks.nodes[locks.root]?.inputs ?? {});
  const { note = `the flake has: ${names.join(', ')}` } = describeInputs(inputs, { now });
  return new FleetError({
    code: 'config-invalid',
    what: 'no input is named',
    why: note,
    fix: usage,
  });
}

/** One line, where somebody looks at it. */
function showProgress(message: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${message}`);
}

await runCommand(
  {
    usage,
    options: {
      'dry-run': { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  },
  update,
);
