import * as pulumi from '@pulumi/pulumi';
import { type FleetHost, HardwareConfig } from '../components/index.ts';
import { askHardware, type HardwareResult, hardwareNotes } from '../lib/machine/hardware/ask-hardware.ts';
import { type HardwareSettings, hardwareSettings } from './config/hardware.ts';
import type { Stack } from './read-stack.ts';

/** The machines that are asked what they are made of, and their answers to come. */
export interface AskedHardware {
  settings: Readonly<Record<string, HardwareSettings>>;
  answers: Promise<Record<string, HardwareResult>>;
}

/** Begins to ask the machines what they are made of, which goes on beside the evaluation. */
export function askStackHardware({ config, hosts, machines, flake }: Stack): AskedHardware {
  const settings = hardwareSettings(hosts, config, flake.baseDirectory);
  return { settings, answers: askHardware(settings, machines) };
}

/**
 * Declares what machines reported of their hardware; returns why some could not. A machine that does not exist yet is declared
 * without a report: the next run asks it.
 */
export async function declareHardware(
  { settings, answers }: AskedHardware,
  hosts: Readonly<Record<string, Pick<FleetHost, 'connection'>>>,
): Promise<string[]> {
  const answered = await answers;
  if (pulumi.runtime.isDryRun())
    for (const note of await hardwareNotes(answered, settings)) void pulumi.log.warn(note);
  const failures: string[] = [];
  for (const [host, own] of Object.entries(settings)) {
    const answer = answered[host];
    if (answer && 'failure' in answer) failures.push(answer.failure.message);
    const connection = hosts[host]?.connection;
    // The machine could not be evaluated, which is reported at the end.
    if (connection === undefined) continue;
    const content = answer && 'content' in answer ? answer.content : undefined;
    new HardwareConfig(host, { host, connection, ...own, content });
  }
  return failures;
}
