import { claimsOf, conflicts, portInUse } from '../../../lib/local/vm/ports.ts';
import type { VirtualMachineInputs } from '../../../schema/virtual-machine.ts';

/** Ports of the machines checked so far in an operation, by machine: one provider process checks all machines of a stack. */
const claimedIn = new WeakMap<object, Map<string, ReturnType<typeof claimsOf>>>();

/** Ports of this computer that a machine wants and that are taken: property path to who has them. */
export function portProblems(inputs: VirtualMachineInputs, operation: object = {}): Record<string, string> {
  const claimed = claimedIn.get(operation) ?? new Map<string, ReturnType<typeof claimsOf>>();
  claimedIn.set(operation, claimed);
  const { stack, name } = inputs;
  const id = `${stack}/${name}`;
  const own = claimsOf(inputs);
  claimed.set(id, own);
  const problems: Record<string, string> = {};
  for (const [path, claim] of Object.entries(own)) {
    const twin = Object.entries(own).find(([other, its]) => other < path && conflicts(claim, its));
    const owner =
      (twin && `${twin[0]} of the same machine`) ??
      ownerAmong(claimed, claim, id) ??
      portInUse(claim, inputs);
    if (owner) problems[path] = `port ${claim.host} of this computer is taken by ${owner}`;
  }
  return problems;
}

function ownerAmong(
  claimed: ReadonlyMap<string, ReturnType<typeof claimsOf>>,
  claim: Parameters<typeof conflicts>[0],
  id: string,
): string | undefined {
  for (const [other, claims] of claimed) {
    if (other !== id && Object.values(claims).some((its) => conflicts(claim, its))) {
      return `the virtual machine ${other.split('/').at(-1)}`;
    }
  }
  return undefined;
}
