import { readMachine } from '../../lib/machine/read-machine.ts';
import { machineAt } from '../../lib/machine/ssh/machine-at.ts';
import type { LiveState } from '../../schema/deployment.ts';
import { type MachineArgs, machineArgs, machineResult } from '../../schema/provider-functions.ts';
import type { ProviderFunction } from '../function.ts';
import { liveState } from '../resources/deployment/state.ts';

/** What a machine runs now. */
export const machine: ProviderFunction<MachineArgs, LiveState> = {
  token: 'nixos:index:machine',
  description:
    'Reads over ssh what a machine runs: its live and its next system, generation, kernel, whether a reboot is due, and its latest deployments. Any NixOS machine can be read, deployed by this package or not.',
  args: machineArgs,
  result: machineResult,

  async call({ connection, profile }, { signal }) {
    const entered = machineAt(connection.address, connection);
    return liveState(await readMachine(entered, { profile, signal }));
  },
};
