/**
 * Rolls hosts of a stack back to an earlier generation, under the supervisor, and records in the state what they run.
 * Usage: node commands/rollback/main.ts HOST… [--to GENERATION] [--list [--json]] [--stack STACK]
 * Exit code: 1 if a host was not rolled back, or the state not refreshed.
 */
import { FleetError } from '../../lib/base/errors.ts';
import { describeError } from '../../lib/base/failure.ts';
import { runToEnd } from '../../lib/base/process/run.ts';
import type { Machine } from '../../lib/machine/ssh/machine.ts';
import { machineOf } from '../../lib/machine/ssh/machine-at.ts';
import { selectHosts } from '../../program/config/select-hosts.ts';
import { interruptSignal, print, printSteps, runCommand } from '../command.ts';
import { exportStack } from '../exported-stack.ts';
import { deploymentsOf, listGenerations, type RecordedDeployment, rollBack } from './rollback.ts';

const usage = 'usage: nixos-fleet rollback HOST… [--to GENERATION] [--list] [--stack STACK]';

/** The hosts that the names or globs mean, with what is recorded of them. */
async function hostsOf(
  names: readonly string[],
  stack: string | undefined,
): Promise<[string, RecordedDeployment][]> {
  const recorded = deploymentsOf(await exportStack(stack));
  if (names.length === 0) throw mistake('the name of a host is missing', usage);
  if (Object.keys(recorded).length === 0)
    throw mistake('the stack has no machines', 'Deploy them: pulumi up. Or take them over: npm run adopt');
  const selected = selectHosts(
    names.join(','),
    Object.fromEntries(Object.keys(recorded).map((name) => [name, {}])),
  );
  return Object.entries(recorded).filter(([name]) => selected.includes(name));
}

function mistake(what: string, fix: string): FleetError {
  return new FleetError({ code: 'config-invalid', what, fix });
}

/** Does something on each machine at once; one that fails is printed, and the others go on. Returns those that did not fail. */
async function onEach(
  hosts: readonly [string, RecordedDeployment][],
  work: (machine: Machine, recorded: RecordedDeployment) => Promise<string>,
): Promise<string[]> {
  const done = hosts.map(async ([name, recorded]) => {
    const machine = machineOf(recorded.inputs);
    try {
      print(`${await work(machine, recorded)}\n`);
      return [name];
    } catch (error) {
      console.error(describeError(error));
      return [];
    } finally {
      await machine.close();
    }
  });
  return (await Promise.all(done)).flat();
}

/** Has Pulumi read the machines, so that the next preview shows what `pulumi up` would change. */
async function refresh(hosts: readonly [string, RecordedDeployment][], stack?: string): Promise<void> {
  const targets = hosts.flatMap(([, { urn }]) => ['--target', urn]);
  const args = ['--yes', '--skip-preview', '--non-interactive', ...targets];
  const { exitCode, stdout, stderr } = await runToEnd(
    'pulumi',
    ['refresh', ...args, ...(stack ? ['--stack', stack] : [])],
    { timeoutSeconds: 3600 },
  );
  if (exitCode === 0) return;
  throw new FleetError({
    code: 'command-failed',
    what: 'the state could not be refreshed: it records what the machines ran before',
    why: `${stderr}\n${stdout}`.trim(),
    fix: `Refresh it before the next update: pulumi refresh ${targets.map((word) => (word.startsWith('--') ? word : `'${word}'`)).join(' ')}`,
  });
}

await runCommand(
  {
    usage,
    summary: 'Rolls hosts back to an earlier generation, and records in the state what they run.',
    examples: ['rollback web --list', 'rollback web', "rollback 'web*' --to 41"],
    options: {
      to: { type: 'string', value: 'GENERATION', describe: 'default: the one before' },
      list: { type: 'boolean', default: false, describe: 'list the generations' },
      json: { type: 'boolean', default: false, describe: 'list them as JSON, a line for each host' },
    },
  },
  async ({ to, list, json, stack }, names) => {
    if (to !== undefined && !/^[1-9]\d{0,8}$/.test(to))
      throw mistake(`'${to}' is not the number of a generation`, usage);
    if (json && !list) throw mistake('--json is for --list', usage);
    const signal = interruptSignal();
    const hosts = await hostsOf(names, stack);
    if (list) {
      const listed = await onEach(hosts, (machine, recorded) =>
        listGenerations(machine, recorded, { signal, json }),
      );
      return listed.length === hosts.length ? 0 : 1;
    }
    const done = await onEach(hosts, (machine, recorded) =>
      rollBack(machine, recorded, {
        to: to === undefined ? undefined : Number(to),
        signal,
        status: printSteps(machine.name),
      }),
    );
    // A switch that was cancelled may still be under way.
    if (signal.aborted) return 130;
    await refresh(hosts, stack);
    print(
      `${done.length} of ${hosts.length} rolled back; the state is refreshed. The next pulumi up deploys the configuration again.\n`,
    );
    return done.length === hosts.length ? 0 : 1;
  },
);
