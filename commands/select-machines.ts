import { selectHosts } from '../program/config/select-hosts.ts';
import { exportStack } from './exported-stack.ts';
import { readTags } from './stack-config.ts';
import { machinesOf, type RecordedMachine } from './stack-machines.ts';

/**
 * The machines of a stack's state that selectors name (program/config/select-hosts.ts), by default all. Tags are those of the
 * stack's config, which is read only where a selector has one.
 * @throws FleetError config-invalid
 */
export async function selectMachines(
  stack: string | undefined,
  on: string | undefined,
): Promise<RecordedMachine[]> {
  const [state, tags] = await Promise.all([
    exportStack(stack),
    on?.includes('@') ? readTags(stack) : undefined,
  ]);
  const machines = machinesOf(state);
  if (on === undefined) return machines;
  const tagged = machines.map(({ host }) => [host, { tags: tags?.[host] }] as const);
  const selected = new Set(selectHosts(on, Object.fromEntries(tagged)));
  return machines.filter(({ host }) => selected.has(host));
}
