import { lineDiff } from '../../base/line-diff.ts';

/** What tells what a machine is made of. */
export type Generator = 'nixos-generate-config' | 'nixos-facter';

/** Members of a report that say how it was measured, or differ from boot to boot: the format's version, bogomips, device numbers. */
const unsteadyMembers = ['bogo', 'unix_device_number', 'unix_device_number2'];
/** Kinds of resources that differ from boot to boot: interrupts, and whether a cable is plugged in. */
const unsteadyResources = ['irq', 'link'];

/**
 * The lines of a text that say something of the hardware: of a module without comments and empty lines, of a report
 * without what is not the same when it is measured again. Pure; a report that is no JSON is all substance.
 */
export function substance(text: string, generator: Generator): string[] {
  const lines = generator === 'nixos-facter' ? reportLines(text) : text.split('\n');
  return lines
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && (generator === 'nixos-facter' || !line.trimStart().startsWith('#')));
}

/** Whether two texts say the same of the hardware. Pure. */
export function sameHardware(before: string, after: string, generator: Generator): boolean {
  return before === after || hardwareDiff(before, after, generator).length === 0;
}

/** The lines that go and come between two texts, of those that say something of the hardware. Pure. */
export function hardwareDiff(before: string, after: string, generator: Generator): string[] {
  return lineDiff(substance(before, generator), substance(after, generator));
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
