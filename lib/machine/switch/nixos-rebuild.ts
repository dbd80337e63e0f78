import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Connection, urlHost } from '../../../schema/connection.ts';
import { FleetError } from '../../base/errors.ts';
import { ProcessError } from '../../base/process/process-error.ts';
import { runToEnd } from '../../base/process/run.ts';
import { runHealthChecks } from '../health/health-checks.ts';
import type { ActivationResult } from '../record/result.ts';
import type { Machine } from '../ssh/machine.ts';
import { type Activated, type ActivationRequest, switchParameters } from './activate.ts';
import { begin, claim } from './begin.ts';
import { explainResult } from './explain.ts';
import { notStarted } from './explain-lost.ts';
import { endHold, waitForHold } from './hold.ts';

/**
 * Switches a machine with nixos-rebuild, run on this computer, while a supervisor holds the machine's lock and records the result.
 * The system must be in both stores. There is no confirmation and no rollback.
 * @throws FleetError tool-missing before anything changes, else those of a switch
 */
export async function activateByNixosRebuild(
  machine: Machine,
  request: ActivationRequest,
): Promise<Activated> {
  const { record, signal, healthChecks, status } = request;
  requireTool(machine.name);
  const parameters = switchParameters(machine, request);
  const { startDoubt } = await begin(machine, parameters, record, { signal });
  if (startDoubt && (await claim(machine, parameters.unit, { signal })) === 'not-started')
    throw notStarted(machine.name, startDoubt);
  const refused = await waitForHold(machine, parameters);
  const { outcome, exitCode, log } = refused
    ? { outcome: refused.outcome, exitCode: null, log: '' }
    : await rebuild(machine, request);
  const unhealthy =
    outcome === 'confirmed' ? await runHealthChecks(machine, healthChecks, { signal, onLine: status }) : [];
  const end = { outcome: unhealthy.length > 0 ? ('rejected' as const) : outcome, exitCode, log };
  const result = refused ?? (await endHold(machine, parameters, end));
  const failure = explainResult(result, log, { unhealthy });
  if (failure) throw failure;
  return { failedUnits: result.failedUnits };
}

type RebuildResult = Pick<ActivationResult, 'outcome' | 'exitCode'> & { log: string };

/** Runs nixos-rebuild to its end even if the engine cancels: an interrupted one leaves the machine half switched. */
async function rebuild(machine: Machine, request: ActivationRequest): Promise<RebuildResult> {
  const { activationTimeoutSeconds, unitFailures, status } = request;
  const lines: string[] = [];
  const onLine = (line: string) => {
    lines.push(line);
    if (line.trim()) status?.(line);
  };
  const log = () => lines.slice(-500).join('\n');
  try {
    const { exitCode } = await runToEnd('nixos-rebuild', rebuildArguments(machine.connection, request), {
      // A shared connection would keep its command and our pipes open when nixos-rebuild is killed at its timeout.
      env: machine.store({ fresh: true }).env,
      timeoutSeconds: activationTimeoutSeconds,
      group: true,
      onStdoutLine: onLine,
      onStderrLine: onLine,
    });
    return { outcome: outcomeOf(exitCode, unitFailures), exitCode, log: log() };
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    const outcome = error.reason === 'timeout' ? 'timed-out' : 'activation-failed';
    return { outcome, exitCode: null, log: `${log()}\n${error.message}` };
  }
}

/** Arguments of nixos-rebuild for a built system. */
function rebuildArguments(
  { user, address }: Connection,
  {
    action,
    system,
    specialisation,
    installBootLoader,
    profile,
  }: Pick<ActivationRequest, 'action' | 'system' | 'specialisation' | 'installBootLoader' | 'profile'>,
): string[] {
  return [
    action,
    '--store-path',
    system,
    '--target-host',
    `${user}@${urlHost(address)}`,
    // Otherwise it evaluates this computer's configuration to find a newer version of itself.
    '--no-reexec',
    ...(user === 'root' ? [] : ['--sudo']),
    ...(specialisation && action !== 'boot' ? ['--specialisation', specialisation] : []),
    ...(installBootLoader ? ['--install-bootloader'] : []),
    ...(profile === 'system' ? [] : ['--profile-name', profile]),
  ];
}

/** nixos-rebuild passes on the exit code of what failed: mostly switch-to-configuration's. */
function outcomeOf(
  exitCode: number,
  unitFailures: ActivationRequest['unitFailures'],
): RebuildResult['outcome'] {
  if (exitCode === 0) return 'confirmed';
  if (exitCode === 4) return unitFailures === 'accept' ? 'confirmed' : 'units-failed';
  return exitCode === 100 ? 'reboot-needed' : 'activation-failed';
}

function requireTool(host: string): void {
  const found = (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, 'nixos-rebuild'), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (found) return;
  throw new FleetError({
    code: 'tool-missing',
    what: 'nixos-rebuild is not on PATH',
    host,
    why: 'via: nixos-rebuild runs it on this computer',
    fix: 'Run Pulumi in `nix develop ./nix` or `nix shell nixpkgs#nixos-rebuild-ng`, or set via: supervisor.',
  });
}
