import { deliver } from '../../../lib/machine/delivery/deliver.ts';
import { keepOnMachine } from '../../../lib/machine/delivery/keep.ts';
import { wrongMachine } from '../../../lib/machine/guard.ts';
import { readMachine } from '../../../lib/machine/read-machine.ts';
import { machineOf } from '../../../lib/machine/ssh/machine-at.ts';
import { type DeliveryInputs, deliveryInputs } from '../../../schema/delivery.ts';
import { changesFrom, leafDiff } from '../../diff.ts';
import type { Context, Resource } from '../../resource.ts';
import { haveClosure } from '../../store/have-closure.ts';
import { cannotImport } from '../import-error.ts';

/** A system in a machine's store, before it is deployed. Its id is the host's name. */
export const delivery: Resource<DeliveryInputs, DeliveryInputs> = {
  token: 'nixos:index:Delivery',
  description:
    'Has the closure of a system in a machine’s store, protected from garbage collection, before any machine of the rollout is switched. Switches nothing.',
  inputs: deliveryInputs,
  state: deliveryInputs,

  diff({ inputs }, desired) {
    const what = ({ system, machineId }: DeliveryInputs) => ({ system, machineId });
    return changesFrom(leafDiff(what(inputs), what(desired)));
  },

  preview: (desired) => desired,

  create: async (inputs, context) => ({ id: inputs.host, state: await bring(inputs, context) }),

  /** A deployment copies what the machine no longer has. */
  async read(id, recorded, context) {
    if (recorded) return { id, ...recorded };
    throw cannotImport(
      `the delivery to ${context.name}`,
      'it is a copy',
      'Declare it: what the machine has is not copied again.',
    );
  },

  update: async (_recorded, desired, context) => await bring(desired, context),

  /** What was copied stays until its deployment is followed by another one. */
  delete: async () => undefined,
};

async function bring(inputs: DeliveryInputs, context: Context): Promise<DeliveryInputs> {
  const { signal, status, log } = context;
  const { host, system, machineId } = inputs;
  const machine = machineOf(inputs);
  const reading = await readMachine(machine, { system, signal });
  if (machineId !== undefined && reading.machineId !== machineId)
    throw wrongMachine(host, machineId, reading.machineId, context.urn);
  if (reading.holds || reading.system === system) return inputs;
  await haveClosure(inputs, context);
  await deliver(machine, {
    system,
    delivery: inputs.delivery,
    signal,
    status,
    warn: (line) => log('warning', line),
  });
  await keepOnMachine(machine, system, signal);
  return inputs;
}
