import { lineDiff } from '../../base/line-diff.ts';

/** Program that detects hardware. */
export type Generator = 'nixos-generate-config' | 'nixos-facter';

/** Members of a nixos-facter report that differ between boots or measurements: bogomips, device numbers. */
const unsteadyMembers = ['bogo', 'unix_device_number', 'unix_device_number2'];
/** Types of resources that differ between boots: interrupts, and whether a cable is plugged in. */
const unsteadyResources = ['irq', 'link'];

/**
 * The lines of a text that describe hardware: of a module without comments and empty lines, of a report without values that
 * differ between measurements. Of a report that is not JSON, all lines.
 */
export function significantLines(text: string, generator: Generator): string[] {
  const lines = generator === 'nixos-facter' ? reportLines(text) : text.split('\n');
  return lines
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && (generator === 'nixos-facter' || !line.trimStart().startsWith('#')));
}

/** Whether two texts describe the same hardware. */
export function sameHardware(before: string, after: string, generator: Generator): boolean {
  return before === after || hardwareDiff(before, after, generator).length === 0;
}

/** The diff of the significant lines of two texts. */
export function hardwareDiff(before: string, after: string, generator: Generator): string[] {
  return lineDiff(significantLines(before, generator), significantLines(after, generator));
}

function reportLines(text: string): string[] {
  let report: unknown;
  try {
    report = JSON.parse(text);
  } catch {
    return text.split('\n');
  }
  const { version: _, ...rest } = Object(report);
  return JSON.stringify(steady(rest), null, 2).split('\n');
}

function steady(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isUnsteady(item)).map(steady);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([name]) => !unsteadyMembers.includes(name));
  return Object.fromEntries(members.map(([name, member]) => [name, steady(member)]));
}

function isUnsteady(item: unknown): boolean {
  const { type } = Object(item);
  return unsteadyResources.includes(type);
}
