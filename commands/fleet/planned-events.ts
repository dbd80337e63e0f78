import type { Happening } from '../../schema/run-event.ts';
import { type Changed, isChange, type Summary } from '../summary/summarize.ts';

/**
 * What a preview found for machines and for other resources.
 * @param removed machines that the stack no longer has
 */
export function plannedEvents(
  machines: readonly Changed[],
  removed: readonly Changed[],
  { kernels, images, others }: Pick<Summary, 'kernels' | 'images' | 'others'>,
): Happening[] {
  const listed = (type: string, all: readonly Changed[]) =>
    all.filter(isChange).map(({ name, operation, lines, machines }) => ({
      type: `nixos:index:${type}`,
      name,
      operation,
      machines,
      changes: lines,
    }));
  return [
    ...machines.map(({ name, operation, consequences, lines, closure }) => ({
      event: 'machine-planned' as const,
      machine: name,
      operation,
      consequences,
      changes: lines,
      closure,
    })),
    ...[
      ...listed('Deployment', removed),
      ...listed('Kernel', kernels),
      ...listed('Image', images),
      ...others.map(({ paths, ...rest }) => ({ ...rest, machines: undefined, changes: paths })),
    ].map(({ type, name, ...rest }) => ({
      event: 'resource-planned' as const,
      resource: { type, name },
      ...rest,
    })),
  ];
}
