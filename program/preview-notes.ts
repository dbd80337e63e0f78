import * as pulumi from '../components/pulumi.ts';
import { describeInputs } from '../lib/evaluation/input-ages.ts';
import { describeForeignOwner, describeLive, type LiveResult } from '../lib/machine/check-live.ts';
import type { FleetEvaluation } from '../schema/evaluation.ts';
import { changedHosts, queriedCaches } from './config/queried-caches.ts';
import { note, warn } from './log.ts';
import { queryCaches } from './query-caches.ts';
import type { Stack } from './read-stack.ts';
import { retentionNotes } from './retention-notes.ts';

/** Adds to a preview what its diff does not show: input ages, live systems, caches. */
export async function notePreview(
  { name, config, hosts, machines }: Stack,
  evaluation: FleetEvaluation,
  live: Record<string, LiveResult> | undefined,
): Promise<void> {
  noteInputs(evaluation.inputs, config.inputMaxAgeDays);
  noteLive(live ?? {}, evaluation);
  const ours = `${pulumi.getProject()}/${name}`;
  for (const [host, answer] of Object.entries(live ?? {})) {
    const note = describeForeignOwner(answer, host, { stack: ours, takeOverFrom: hosts[host]?.takeOverFrom });
    if (note) void pulumi.log.warn(note);
  }
  const changed = changedHosts({ evaluation, live, machines, hosts });
  const { caches } = config;
  const notes = [
    ...(await queryCaches(queriedCaches(caches, machines), changed)),
    ...(await retentionNotes({ project: pulumi.getProject(), stack: name, caches, evaluation, live })),
  ];
  for (const { severity, text } of notes) {
    if (severity === 'warning') warn(text);
    else note(text);
  }
}

function noteInputs(inputs: FleetEvaluation['inputs'], maxAgeDays: number | undefined): void {
  const { note: ages, warnings } = describeInputs(inputs, { now: Date.now() / 1000, maxAgeDays });
  if (ages) note(ages);
  for (const warning of warnings) warn(warning);
}

/** Warns about machines that were switched by other means. */
function noteLive(answers: Record<string, LiveResult>, evaluation: FleetEvaluation): void {
  for (const [name, answer] of Object.entries(answers)) {
    const evaluated = evaluation.hosts[name];
    const foreign = evaluated?.ok ? describeLive(answer, name, evaluated.outPath) : undefined;
    if (foreign) warn(foreign);
  }
}
