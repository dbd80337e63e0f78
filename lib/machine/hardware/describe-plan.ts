import type { Plan } from './plan-write.ts';

/** Longest diff to show: a first nixos-facter report has thousands of lines. */
const maxLines = 60;

/** Describes a plan for the preview; undefined if there is nothing to report. */
export function describePlan({ action, lines }: Plan, host: string, file: string): string | undefined {
  const isNew = lines.every((line) => line.startsWith('+'));
  const heads: Partial<Record<Plan['action'], string>> = {
    write: isNew
      ? `the hardware of ${host} is written to ${file}:`
      : `the hardware of ${host} differs from ${file}, which is updated:`,
    overwrite: `${file} was edited by hand or not written by this stack, and is overwritten (onHandEdit: overwrite):`,
    keep: `${file} was edited by hand or not written by this stack, and is kept (onHandEdit: keep). Skipped changes:`,
  };
  const head = heads[action];
  if (!head) return undefined;
  const next =
    action === 'keep'
      ? []
      : ['This run evaluates the systems with the old file; the next `pulumi up` uses the new one.'];
  return [head, ...excerpt(lines), ...next].join('\n');
}

/** Explains why a file is not overwritten, with the changes it would lose and the fix. */
export function describeRefusal({ lines }: Plan, host: string, file: string): string {
  return [
    `${file} was edited by hand or not written by this stack, and the detected hardware of ${host} would change it:`,
    ...excerpt(lines),
    'Move your own settings into another module of the machine and restore the file (git restore), or set',
    'hardwareConfig.onHandEdit to overwrite or keep. If a colleague committed a newer file, pull it first.',
  ].join('\n');
}

function excerpt(lines: readonly string[]): string[] {
  const more = lines.length - maxLines;
  return [
    ...lines.slice(0, maxLines).map((line) => `  ${line}`),
    ...(more > 0 ? [`  … and ${more} more lines`] : []),
  ];
}
