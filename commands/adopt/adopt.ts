import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FleetError, isFailure } from '../../lib/base/errors.ts';
import { mapValues } from '../../lib/base/map-values.ts';
import { pickBy } from '../../lib/base/pick.ts';
import { runToEnd } from '../../lib/base/process/run.ts';
import { withTemporaryFolder } from '../../lib/base/temporary-folder.ts';
import { evaluateFleet } from '../../lib/evaluation/evaluate-fleet.ts';
import { stackFlake } from '../../program/config/flake.ts';
import { hostSettings } from '../../program/config/hosts.ts';
import { selectHosts } from '../../program/config/select-hosts.ts';
import { type Adoption, adoptionVariable } from '../../schema/adoption.ts';
import type { HostEvaluation } from '../../schema/evaluation.ts';
import { interruptSignal, print } from '../command.ts';
import { exportStack } from '../exported-stack.ts';
import { readStackConfig, type StackOnDisk } from '../stack-config.ts';
import { machinesOf } from '../stack-machines.ts';
import { type Adoptable, candidatesOf, madeByStack, readCandidates } from './candidates.ts';
import { importFile } from './import-file.ts';
import { adoptionTable, describeRefusals } from './report.ts';

interface AdoptOptions {
  /** Selectors. Default: all hosts. */
  on: string | undefined;
  stack: string | undefined;
  /** Whether nothing is imported. */
  dryRun: boolean;
}

/** Takes over hosts; returns the exit code. */
export async function adopt({ on, stack: name, dryRun }: AdoptOptions): Promise<number> {
  const signal = interruptSignal();
  const onDisk = await readStackConfig(name);
  const { project, stack, config } = onDisk;
  const all = hostSettings(config);
  const selected = on === undefined ? Object.keys(all) : selectHosts(on, all);
  const recorded = machinesOf(await exportStack(name)).map(({ host }) => host);
  const absent = pickBy(all, (host) => selected.includes(host) && !recorded.includes(host));
  for (const [host, settings] of Object.entries(absent)) {
    const made = madeByStack(settings);
    if (made) print(`${host} is ${made}: pulumi up makes and deploys it\n`);
  }
  const candidates = candidatesOf(pickBy(absent, (host) => !madeByStack(all[host] ?? { lab: false })));
  if (candidates.length === 0) {
    print(
      `there is nothing to take over: the state has all other ${on === undefined ? '' : 'selected '}hosts\n`,
    );
    return 0;
  }
  print(
    `${count(candidates.length, 'host')} of ${stack} ${candidates.length === 1 ? 'is' : 'are'} not in its state: reading\n`,
  );
  const [read, evaluated] = await Promise.all([
    readCandidates(candidates, { stack: `${project}/${stack}`, signal }),
    evaluate(
      onDisk,
      candidates.map(({ host }) => host),
      signal,
    ),
  ]);
  const adoptable = read.filter((each): each is Adoptable => 'reading' in each);
  if (adoptable.length > 0) print(`\n${adoptionTable(adoptable, evaluated, config)}`);
  const refused = describeRefusals(read);
  if (refused) print(`\n${refused}`);
  const left = read.length - adoptable.length;
  const but = left > 0 ? `; ${count(left, 'host')} cannot be taken over` : '';
  if (dryRun) print(`\n${count(adoptable.length, 'host')} would be taken over: --dry-run${but}\n`);
  else if (adoptable.length > 0) {
    await importHosts(onDisk, name, adoptable);
    print(
      `\n${count(adoptable.length, 'host')} taken over; nothing was switched${but}. Next: pulumi preview --diff\n`,
    );
  }
  return left > 0 ? 1 : 0;
}

/** What the flake has for the hosts. An adoption does not need it: an error is shown beside each host. */
async function evaluate(
  { folder, config }: StackOnDisk,
  hosts: readonly string[],
  signal: AbortSignal,
): Promise<Record<string, HostEvaluation<FleetError>>> {
  const all = hostSettings(config);
  const configurations = mapValues(
    pickBy(all, (host) => hosts.includes(host)),
    ({ configuration }) => configuration,
  );
  try {
    const flake = await stackFlake(config, folder);
    const { hosts: evaluated } = await evaluateFleet({
      ...flake,
      hosts: configurations,
      memoryMiB: config.evaluationMemoryMiB,
      signal,
    });
    return evaluated;
  } catch (error) {
    if (!isFailure(error) || signal.aborted) throw error;
    return mapValues(configurations, () => ({ ok: false, error }));
  }
}

/**
 * Imports the hosts' deployments, all or none.
 * @throws FleetError command-failed
 */
async function importHosts(
  { project, stack }: StackOnDisk,
  name: string | undefined,
  hosts: readonly Adoptable[],
): Promise<void> {
  const state = await exportStack(name);
  const file = importFile(
    { project, stack, state },
    hosts.map(({ host }) => host),
  );
  const connections: Adoption = Object.fromEntries(
    hosts.map(({ host, connection, settings }) => [
      host,
      { connection, profile: settings.profile ?? 'system' },
    ]),
  );
  await withTemporaryFolder(async (folder) => {
    const imported = join(folder, 'import.json');
    const entered = join(folder, 'connections.json');
    await writeFile(imported, JSON.stringify(file), { mode: 0o600 });
    await writeFile(entered, JSON.stringify(connections), { mode: 0o600 });
    const options = [
      '--yes',
      '--skip-preview',
      '--non-interactive',
      '--generate-code=false',
      '--protect=false',
    ];
    const args = ['import', '--file', imported, ...options, ...(name ? ['--stack', name] : [])];
    const env = { [adoptionVariable]: entered };
    const { exitCode, stdout, stderr } = await runToEnd('pulumi', args, { timeoutSeconds: 3600, env });
    if (exitCode === 0) return;
    throw new FleetError({
      code: 'command-failed',
      what: 'pulumi import failed',
      why: `${stdout}\n${stderr}`.trim(),
      fix: 'Nothing was switched. Fix it, then run the adoption again: it goes on with the hosts that the state does not have.',
    });
  });
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
