import { connection } from '../../../schema/connection.ts';
import { sshForward } from '../../../schema/virtual-machine.ts';
import { lastLines } from '../../base/background.ts';
import { FleetError, isFailure } from '../../base/errors.ts';
import { until } from '../../base/until.ts';
import { machineAt } from '../../machine/ssh/machine-at.ts';
import { offeredHostKey, sshBanner } from '../../machine/ssh/scan.ts';
import { vmPaths } from './paths.ts';
import { exitOf, findQemu } from './process.ts';
import type { VmRecord } from './record.ts';

/**
 * Waits until the machine's sshd answers at its forwarded port. Afterwards the record holds its host key, from its first
 * start on: the port is one of this computer's loopback that its own QEMU listens on, so nobody else can answer there.
 *
 * @throws FleetError `vm-failed` with the end of the console; `host-key` where another key answers than before.
 */
export async function waitForSsh(record: VmRecord, signal?: AbortSignal): Promise<VmRecord> {
  const { stack, name, startTimeoutSeconds } = record.inputs;
  const forward = sshForward(record.inputs);
  if (!forward || record.inputs.gdb?.wait) return record;
  const { address, host: port } = forward;
  const outcome = await until(
    async () => {
      if (!(await findQemu(stack, name))) return 'ended';
      return (await sshBanner(address, port, 5000)) !== undefined && 'answers';
    },
    { limitSeconds: startTimeoutSeconds, signal },
  );
  if (outcome !== 'answers') throw await notReached(record, outcome === 'ended');

  const hostKey = await offeredHostKey(address, port);
  if (hostKey === undefined) return record;
  if (record.hostKey !== undefined && record.hostKey !== hostKey) throw otherKey(record, hostKey);
  return { ...record, hostKey, machineId: record.machineId ?? (await machineIdOf(record, hostKey, signal)) };
}

/** Its machine-id, if the login works: a machine need not let this computer in. */
async function machineIdOf(
  record: VmRecord,
  hostKey: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { user, name } = record.inputs;
  const forward = sshForward(record.inputs);
  const { identityFile } = record;
  const to = {
    address: forward?.address,
    port: forward?.host,
    user,
    hostKey,
    identityFile,
    connectTimeoutSeconds: 60,
  };
  try {
    const { stdout } = await machineAt(name, connection.parse(to)).run('cat /etc/machine-id', {
      fresh: true,
      timeoutSeconds: 120,
      signal,
    });
    return /^[0-9a-f]{32}$/.exec(stdout.trim())?.[0];
  } catch (error) {
    if (isFailure(error)) return undefined;
    throw error;
  }
}

async function notReached({ inputs }: VmRecord, ended: boolean): Promise<FleetError> {
  const { stack, name, startTimeoutSeconds } = inputs;
  const { console, log } = vmPaths(stack, name);
  const code = ended ? await exitOf(stack, name) : undefined;
  return new FleetError({
    code: 'vm-failed',
    host: name,
    what: ended
      ? `QEMU ended${code === undefined ? '' : ` with exit code ${code}`} before ssh answered`
      : `no ssh server answers at port ${sshForward(inputs)?.host} within ${startTimeoutSeconds} s`,
    why: [await lastLines(log, 5), await lastLines(console)].filter(Boolean).join('\n'),
    fix: `Its console is in ${console}, and open: npm run console -- ${name}`,
  });
}

function otherKey({ inputs, hostKey }: VmRecord, offered: string): FleetError {
  return new FleetError({
    code: 'host-key',
    host: inputs.name,
    what: 'the virtual machine has another ssh host key than when it first started',
    why: `recorded ${hostKey}\noffered  ${offered}`,
    fix: 'If its disk was made anew by other means, remove it from the stack and let the stack make it again.',
  });
}
