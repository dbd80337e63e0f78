import type { Happening } from '../../schema/run-event.ts';
import type { EngineEvent } from './engine-events.ts';
import type { Interrupts } from './interrupts.ts';
import type { Action, PulumiOptions } from './options.ts';
import { PlanTracker } from './plan-tracker.ts';
import { type PulumiRun, runPulumi } from './run-pulumi.ts';
import { type RunPlan, RunTracker } from './run-tracker.ts';

export interface FleetRun {
  action: Action;
  options: PulumiOptions;
  stack: string | undefined;
  /** Machines that the run is about. */
  machines: readonly string[];
  /** How many machines the stack has. */
  of: number;
  onEvent: (event: Happening) => void;
  /** Shows the question whether to go on after the preview; undefined where there is none. */
  confirm: (() => Promise<boolean>) | undefined;
  interrupts: Interrupts;
}

/** Runs Pulumi's preview and, after a confirmation, the run itself. Returns Pulumi's exit code. */
export async function runFleet(run: FleetRun): Promise<number> {
  const { action, options, machines, of, stack, interrupts } = run;
  const send = (events: readonly Happening[]) => {
    for (const event of events) run.onEvent(event);
  };
  interrupts.onInterrupt = () => send([{ event: 'interrupted' }]);
  send([{ event: 'run-began', format: 1, action, stack, machines: [...machines], of }]);
  let plan: RunPlan = { machines };
  if (!options.skipPreview) {
    const tracker = new PlanTracker(machines);
    const exitCode = await follow(options.preview, tracker, run);
    plan = { machines, operations: tracker.operations, shown: tracker.shown };
    const goesOn =
      exitCode === 0 &&
      options.run !== undefined &&
      interrupts.count === 0 &&
      (await (run.confirm?.() ?? true));
    if (!goesOn) {
      const code = exitCode === 0 && options.run !== undefined ? 1 : exitCode;
      send(tracker.ended(code));
      return code;
    }
  }
  const tracker = new RunTracker(plan);
  return await follow(options.run ?? [], tracker, run);
}

interface Tracker {
  take(event: EngineEvent): Happening[];
  end(exitCode: number): Happening[];
}

/** Runs Pulumi to its end, with all that it says. */
async function follow(
  args: readonly string[],
  tracker: Tracker,
  { onEvent, interrupts }: FleetRun,
): Promise<number> {
  let hasErrors = false;
  const send = (events: readonly Happening[]) => {
    for (const event of events) {
      hasErrors ||= event.event.endsWith('-failed');
      onEvent(event);
    }
  };
  try {
    const ended = await runPulumi(
      args,
      (event) => send(tracker.take(event)),
      (interrupt) => interrupts.to(interrupt),
    );
    if (ended.exitCode !== 0 && !hasErrors) send([{ event: 'run-failed', error: { what: ownWords(ended) } }]);
    send(tracker.end(ended.exitCode));
    return ended.exitCode;
  } finally {
    interrupts.to(undefined);
  }
}

/** What Pulumi says where its engine reported no error: it did not begin, or was interrupted. */
function ownWords({ stderr, stdout, exitCode }: PulumiRun): string {
  const text = stderr.trim() || stdout.trim().split('\n').slice(-20).join('\n');
  return text.replace(/^error: /, '') || `pulumi ended with exit code ${exitCode}`;
}
