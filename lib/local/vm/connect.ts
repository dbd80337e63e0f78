import { connection } from '../../../schema/connection.ts';
import { sshForward } from '../../../schema/virtual-machine.ts';
import { lastLines } from '../../base/background.ts';
import { FleetError, isFailure } from '../../base/errors.ts';
import { until } from '../../base/until.ts';
import { machineAt } from '../../machine/ssh/machine-at.ts';
import { offeredHostKey, sshBanner } from '../../machine/ssh/scan.ts';
import { lastOfConsole } from './console.ts';
import { vmPaths } from './paths.ts';
import { exitCodeOf, findQemu } from './process.ts';
import type { VmRecord } from './record.ts';

/**
 * Waits until the machine's sshd answers at its forwarded port, and records its host key on the first start. That key can be
 * trusted: the machine's own QEMU listens on the port, on loopback.
 *
 * @throws FleetError `vm-failed` with the end of the console; `host-key` if the key has changed
 */
export async function waitForSsh(record: VmRecord, signal?: AbortSignal): Promise<VmRecord> {
  const { stack, name, startTimeoutSeconds } = record.inputs;
  const forward = sshForward(record.inputs);
  if (!forward || record.inputs.gdb?.wait) return record;
  const { address, host: port } = forward;
  const outcome = await until(
    async () => {
      if (!(await findQemu(stack, name))) return 'exited';
      return (await sshBanner(address, port, 5000)) !== undefined && 'answers';
    },
    { limitSeconds: startTimeoutSeconds, signal },
  );
  if (outcome !== 'answers') throw await notReached(record, outcome === 'exited');

  const hostKey = await offeredHostKey(address, port);
  if (hostKey === undefined) return record;
  if (record.hostKey !== undefined && record.hostKey !== hostKey) throw otherKey(record, hostKey);
  return { ...record, hostKey, machineId: record.machineId ?? (await machineIdOf(record, hostKey, signal)) };
}

/** Its machine-id, if the login works; undefined if the machine does not let this computer in. */
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

async function notReached({ inputs }: VmRecord, exited: boolean): Promise<FleetError> {
  const { stack, name, startTimeoutSeconds } = inputs;
  const { console, log } = vmPaths(stack, name);
  const code = exited ? await exitCodeOf(stack, name) : undefined;
  return new FleetError({
    code: 'vm-failed',
    host: name,
    what: exited
      ? `QEMU exited${code === undefined ? '' : ` with exit code ${code}`} before ssh answered`
      : `no ssh server answers at port ${sshForward(inputs)?.host} within ${startTimeoutSeconds} s`,
    why: [await lastLines(log, 5), await lastOfConsole(stack, name)].filter(Boolean).join('\n'),
    fix: `The console’s log is ${console}; to open the console: npm run console -- ${name}`,
  });
}

function otherKey({ inputs, hostKey }: VmRecord, offered: string): FleetError {
  return new FleetError({
    code: 'host-key',
    host: inputs.name,
    what: 'the virtual machine’s ssh host key has changed since its first start',
    why: `recorded ${hostKey}\noffered  ${offered}`,
    fix: 'If its disk was replaced outside the stack, remove the machine from the stack and create it again.',
  });
}
