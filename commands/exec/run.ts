import pMap from 'p-map';
import { FleetError } from '../../lib/base/errors.ts';
import { machineOf } from '../../lib/machine/ssh/machine-at.ts';
import { runRemoteCommand } from '../../lib/machine/ssh/remote-command.ts';
import type { ExecEnd } from '../../schema/exec-line.ts';
import type { RecordedMachine } from '../stack-machines.ts';
import type { Reporter } from './report.ts';

export interface ExecRequest {
  /** The command's words. */
  command: readonly string[];
  /** Most machines at a time. */
  atOnce: number;
  asLogin: boolean;
  timeoutSeconds: number | undefined;
  signal: AbortSignal;
}

/** Runs a command on machines in parallel, and reports its output and its end on each. */
export async function runOnMachines(
  machines: readonly RecordedMachine[],
  request: ExecRequest,
  reporter: Reporter,
): Promise<ExecEnd[]> {
  return await pMap(
    machines,
    async (machine) => {
      const end = await runOnMachine(machine, request, reporter);
      reporter.end(end);
      return end;
    },
    { concurrency: request.atOnce },
  );
}

async function runOnMachine(
  recorded: RecordedMachine,
  { command, signal, asLogin, timeoutSeconds }: ExecRequest,
  reporter: Reporter,
): Promise<ExecEnd> {
  const { host: machine } = recorded;
  if (signal.aborted) return { machine, ended: 'cancelled', seconds: 0 };
  const began = performance.now();
  const seconds = () => Math.round(performance.now() - began) / 1000;
  try {
    const end = await runRemoteCommand(machineOf(recorded), command, {
      asLogin,
      timeoutSeconds,
      signal,
      onLine: (stream, line) => reporter.line({ machine, stream, line }),
    });
    return { machine, ...end, seconds: seconds() };
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    const { code, what, why, fix } = error;
    return { machine, ended: 'failed', error: { code, what, why, fix }, seconds: seconds() };
  }
}
