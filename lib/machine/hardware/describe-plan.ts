import type { Plan } from './plan-write.ts';

/** More lines than these nobody reads in a preview: a first report has thousands. */
const mostLines = 60;

/** What is to be said of a file before it is written, or left; undefined where nothing is. Pure. */
export function describePlan({ action, lines }: Plan, host: string, file: string): string | undefined {
  const isNew = lines.every((line) => line.startsWith('+'));
  const heads: Partial<Record<Plan['action'], string>> = {
    write: isNew
      ? `what ${host} is made of comes into ${file}:`
      : `the hardware of ${host} is no longer what ${file} says:`,
    overwrite: `${file} was edited by hand, or is not of this stack, and is overwritten (onHandEdit: overwrite):`,
    keep: `${file} was edited by hand, or is not of this stack, and is kept (onHandEdit: keep); it would be:`,
  };
  const head = heads[action];
  if (!head) return undefined;
  const next =
    action === 'keep'
      ? []
      : [
          'The systems of this run are evaluated with the file as it is: the pulumi up after it takes the new one.',
        ];
  return [head, ...shown(lines), ...next].join('\n');
}

/** Why a file is not overwritten, with what it would lose, and what to do. Pure. */
export function describeRefusal({ lines }: Plan, host: string, file: string): string {
  return [
    `${file} is not as it was written last, or was never written by this stack, and what ${host} says of itself would replace:`,
    ...shown(lines),
    'Move what is yours into another module of the machine and restore the file (git restore), or set hardwareConfig.onHandEdit to',
    'overwrite or keep. Did a colleague write a newer one? Then pull it first.',
  ].join('\n');
}

function shown(lines: readonly string[]): string[] {
  const more = lines.length - mostLines;
  return [
    ...lines.slice(0, mostLines).map((line) => `  ${line}`),
    ...(more > 0 ? [`  … and ${more} more lines`] : []),
  ];
}
