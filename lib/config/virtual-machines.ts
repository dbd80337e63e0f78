import type { StackConfig } from '../../schema/config.ts';
import type { OutputRequest } from '../evaluation/evaluate-outputs.ts';

/** What is to be evaluated for the virtual machines that run a machine's system as it is. */
export function virtualSystems({ virtualMachines }: StackConfig): Record<string, OutputRequest> {
  const attribute = ['system', 'build', 'vm'];
  return Object.fromEntries(
    Object.entries(virtualMachines).flatMap(([name, { configuration }]) =>
      configuration === undefined ? [] : [[name, { configuration, attribute }]],
    ),
  );
}
