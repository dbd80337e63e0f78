/** Switches in which network, supervisor or machine fail. */
import { until } from '../../lib/base/until.ts';
import { sshBanner } from '../../lib/machine/ssh/scan.ts';
import type { MachineUnderTest } from '../lab/machine-under-test.ts';
import type { Scenario } from './scenario.ts';

const supervisor = `unit=$(sed -n 's/^unit=//p' /run/nixos-fleet/holder)`;
const kill = (command: string) => (machine: MachineUnderTest) => machine.run(`${supervisor}; ${command}`);

/** Ends of the supervisor while the activation script hangs. */
const killings: Scenario[] = [
  ['the supervisor’s main process is killed', 'systemctl kill --kill-who=main --signal=KILL "$unit.service"'],
  ['all processes of the supervisor’s unit are killed', 'systemctl kill --signal=KILL "$unit.service"'],
  [
    'the supervisor’s cgroup is killed, as for want of memory',
    'echo 1 >"/sys/fs/cgroup/system.slice/$unit.service/cgroup.kill"',
  ],
  ['the supervisor’s unit is stopped', 'systemctl stop --no-block "$unit.service"'],
].map(([title = '', command = '']) => ({
  title,
  from: 'plain',
  to: 'hanging-activation',
  during: kill(command),
  outcome: 'killed' as const,
  exitCode: null,
}));

export const interruptions: Scenario[] = [
  {
    title: 'the network is cut off for good',
    from: 'plain',
    to: 'slow-activation',
    settings: { confirmTimeoutSeconds: 3 },
    during: (machine) => machine.cable('down'),
    afterwards: (machine) => machine.cable('up'),
    outcome: 'not-confirmed',
    exitCode: 0,
    says: /rolls back to the previous system/,
  },
  {
    title: 'the network is cut off for a moment',
    from: 'plain',
    to: 'slow-activation',
    during: async (machine) => {
      await machine.cable('down');
      await until(async () => !(await sshBanner(machine.address)), { limitSeconds: 60 });
      await machine.cable('up');
    },
    outcome: 'confirmed',
    exitCode: 0,
  },
  ...killings,
  {
    title: 'switch-to-configuration is killed',
    from: 'plain',
    to: 'hanging-activation',
    during: (machine) => machine.run('pkill -KILL -f "^/nix/store/.*/switch-to-configuration test"'),
    outcome: 'activation-failed',
    exitCode: 137,
  },
  {
    title: 'the machine is shut down during the switch',
    from: 'plain',
    to: 'hanging-activation',
    settings: { confirmTimeoutSeconds: 60 },
    during: async (machine) => {
      await machine.stop();
      await machine.start();
    },
    outcome: 'killed',
    exitCode: null,
    says: /shutting down, and boots/,
  },
];
