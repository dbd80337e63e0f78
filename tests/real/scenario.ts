/** What happens to a real NixOS machine in a switch, and what must be true afterwards. */
import type { ActivationResult } from '../../lib/machine/record/result.ts';
import type { Settings } from '../lab/deployer.ts';
import type { MachineUnderTest } from '../lab/machine-under-test.ts';

export interface Scenario {
  title: string;
  /** Names of systems of tests/fixtures/real/systems.nix. */
  from: string;
  to: string;
  settings?: Settings;
  /** Run on the machine before the deployment, and after it. */
  before?: string;
  after?: string;
  /** What happens once the real tool has begun the activation. */
  during?: (machine: MachineUnderTest) => Promise<unknown>;
  /** What this computer does after the deployment. */
  afterwards?: (machine: MachineUnderTest) => Promise<unknown>;
  /** Of the machine's result; `none` or, with an error, `refused` if no switch was begun. `confirmed` and `none` are no errors. */
  outcome: ActivationResult['outcome'] | 'refused' | 'none';
  /** Exit code of switch-to-configuration; null where it was not run. */
  exitCode: number | null;
  /** What the error, or else the status lines, must say. */
  says?: RegExp;
}
