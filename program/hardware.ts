import { type FleetHost, HardwareConfig } from '../components/index.ts';
import * as pulumi from '../components/pulumi.ts';
import { askHardware, type HardwareResult, hardwareNotes } from '../lib/machine/hardware/ask-hardware.ts';
import { type HardwareSettings, hardwareSettings } from './config/hardware.ts';
import { warn } from './log.ts';
import type { Stack } from './read-stack.ts';

/** A running detection of machines' hardware. */
export interface HardwareDetection {
  settings: Readonly<Record<string, HardwareSettings>>;
  results: Promise<Record<string, HardwareResult>>;
}

/** Starts to detect the machines' hardware; it runs during the evaluation. */
export function detectHardware({ config, selected, machines, flake }: Stack): HardwareDetection {
  const settings = hardwareSettings(selected, config, flake.baseDirectory);
  return { settings, results: askHardware(settings, machines) };
}

/**
 * Declares the detected hardware; returns the errors of machines whose detection failed. A machine that does not exist yet is
 * declared without content: the next run detects its hardware.
 */
export async function declareHardware(
  { settings, results }: HardwareDetection,
  hosts: Readonly<Record<string, Pick<FleetHost, 'connection'>>>,
): Promise<string[]> {
  const reports = await results;
  if (pulumi.isDryRun()) for (const note of await hardwareNotes(reports, settings)) warn(note);
  const failures: string[] = [];
  for (const [host, own] of Object.entries(settings)) {
    const report = reports[host];
    if (report && 'failure' in report) failures.push(report.failure.message);
    const connection = hosts[host]?.connection;
    // The machine could not be evaluated, which is reported at the end.
    if (connection === undefined) continue;
    const content = report && 'content' in report ? report.content : undefined;
    new HardwareConfig(host, { host, connection, ...own, content });
  }
  return failures;
}
