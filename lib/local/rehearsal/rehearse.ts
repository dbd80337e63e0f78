import { createServer } from 'node:net';
import { connection as connectionSchema } from '../../../schema/connection.ts';
import type { RehearsalInputs, RehearsalState } from '../../../schema/rehearsal.ts';
import { virtualMachineInputs } from '../../../schema/virtual-machine.ts';
import { lastLines } from '../../base/background.ts';
import { FleetError, hasCode, isFailure } from '../../base/errors.ts';
import { runHealthChecks } from '../../machine/health/health-checks.ts';
import { machineAt } from '../../machine/ssh/machine-at.ts';
import { deleteVm, ensureVm, type VmProgress } from '../vm/machine.ts';
import { vmPaths } from '../vm/paths.ts';
import { rehearsedChecks } from './checks.ts';

/** Where the virtual machine's sshd and services are asked. */
const loopback = '127.0.0.1';

/** Name of the virtual machine that a host's systems are rehearsed in. */
function rehearsalName(host: string): string {
  return `rehearsal-${host}`.slice(0, 63);
}

/** Removes what an interrupted rehearsal may have left. */
export async function endRehearsal({ stack, host }: Pick<RehearsalInputs, 'stack' | 'host'>): Promise<void> {
  await deleteVm(stack, rehearsalName(host), 1);
}

/**
 * Boots a built `config.system.build.vm` on this computer, asks whether ssh lets in and the health checks hold, and removes the
 * virtual machine whatever came of it. No boot entry is changed anywhere.
 * @throws FleetError rehearsal-failed, vm-failed, cancelled
 */
export async function rehearse(
  inputs: RehearsalInputs,
  progress: VmProgress,
): Promise<Pick<RehearsalState, 'rehearsedAt' | 'kernel' | 'seconds'>> {
  const name = rehearsalName(inputs.host);
  await endRehearsal(inputs);
  try {
    return await tryOut(inputs, name, progress);
  } finally {
    await endRehearsal(inputs);
  }
}

async function tryOut(inputs: RehearsalInputs, name: string, progress: VmProgress) {
  const { stack, host, address, outPath, cores, memoryMiB, startTimeoutSeconds, user, identityFile } = inputs;
  const wanted = rehearsedChecks(inputs.healthChecks, address, (port) => port).ports;
  const ports = await freePorts([inputs.sshPort, ...wanted]);
  const forwarded = (guest: number) => ports.get(guest) ?? guest;
  const { checks, left } = rehearsedChecks(inputs.healthChecks, address, forwarded);
  if (left.length > 0)
    progress.warn?.(`${host}: not asked in the rehearsal, for they name another machine: ${left.join(', ')}`);
  const vm = virtualMachineInputs.parse({
    ...{ stack, name, system: outPath, cores, memoryMiB, startTimeoutSeconds, user, identityFile },
    forwardPorts: Object.fromEntries(
      [...ports].map(([guest, port]) => [`port-${guest}`, { host: port, guest }]),
    ),
  });
  const begun = performance.now();
  progress.status?.('booting the new system in a virtual machine');
  const booted = await ensureVm(vm, progress).catch((error: unknown) => {
    if (hasCode(error, 'vm-failed')) throw failed(host, error.message);
    throw error;
  });
  const seconds = Math.round((performance.now() - begun) / 1000);
  const connection = connectionSchema.parse({
    address: loopback,
    port: forwarded(inputs.sshPort),
    user,
    hostKey: booted.hostKey,
    identityFile: booted.identityFile,
    connectTimeoutSeconds: 60,
  });
  const machine = machineAt(host, connection);
  const end = () => lastLines(vmPaths(stack, name).console);
  try {
    const options = { signal: progress.signal, timeoutSeconds: 120 };
    const { stdout } = await machine.run('uname -r', options).catch(async (error: unknown) => {
      if (!isFailure(error)) throw error;
      throw failed(host, `${error.message}\n${await end()}`);
    });
    const unhealthy = await runHealthChecks(machine, checks, {
      signal: progress.signal,
      onLine: (line) => progress.status?.(`rehearsal: ${line}`),
    });
    if (unhealthy.length > 0) throw failed(host, [...unhealthy, await end()].join('\n'));
    return { rehearsedAt: new Date().toISOString(), kernel: stdout.trim(), seconds };
  } finally {
    await machine.close();
  }
}

/** A port of this computer's loopback that nobody listens on, for each of the machine's. */
async function freePorts(guests: readonly number[]): Promise<Map<number, number>> {
  const ports = new Map<number, number>();
  // All are held until each is known, so that none is given twice.
  const servers = [...new Set(guests)].map((guest) => ({ guest, server: createServer() }));
  for (const { guest, server } of servers) {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, loopback, resolve);
    });
    const bound = server.address();
    if (bound !== null && typeof bound === 'object') ports.set(guest, bound.port);
  }
  await Promise.all(servers.map(({ server }) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function failed(host: string, why: string): FleetError {
  return new FleetError({
    code: 'rehearsal-failed',
    what: 'the new system did not come up healthy in a virtual machine, so the machine was not touched',
    host,
    why,
    fix: 'Mend what is named. To look at it: give virtualMachines a machine with this configuration, and npm run console.',
  });
}
