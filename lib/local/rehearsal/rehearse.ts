import { createServer } from 'node:net';
import { connection as connectionSchema } from '../../../schema/connection.ts';
import type { RehearsalInputs, RehearsalState } from '../../../schema/rehearsal.ts';
import { virtualMachineInputs } from '../../../schema/virtual-machine.ts';
import { lastLines } from '../../base/background.ts';
import { FleetError, hasCode, isFailure } from '../../base/errors.ts';
import { sha256 } from '../../base/hash.ts';
import { runHealthChecks } from '../../machine/health/health-checks.ts';
import { machineAt } from '../../machine/ssh/machine-at.ts';
import { deleteVm, ensureVm, type VmProgress } from '../vm/machine.ts';
import { vmPaths } from '../vm/paths.ts';
import { rehearsedChecks } from './checks.ts';

/** Address of the virtual machine's forwarded ports. */
const loopback = '127.0.0.1';

/** Name of the virtual machine that a host's systems are rehearsed in: its host name, and one that no other host has. */
export function rehearsalName(host: string): string {
  const name = `rehearsal-${host}`;
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');
  return plain === name && name.length <= 63 ? name : `${plain.slice(0, 54)}-${sha256(host).slice(0, 8)}`;
}

/** Removes the virtual machine of a rehearsal, also of an interrupted one. */
export async function endRehearsal({ stack, host }: Pick<RehearsalInputs, 'stack' | 'host'>): Promise<void> {
  await deleteVm(stack, rehearsalName(host), 1);
}

/**
 * Boots a built `config.system.build.vm` on this computer, checks the ssh login and the health checks, and always removes
 * the virtual machine afterwards. Changes no boot entry.
 * @throws FleetError rehearsal-failed, vm-failed, cancelled
 */
export async function rehearse(
  inputs: RehearsalInputs,
  progress: VmProgress,
): Promise<Pick<RehearsalState, 'rehearsedAt' | 'kernel' | 'seconds'>> {
  const name = rehearsalName(inputs.host);
  await endRehearsal(inputs);
  try {
    return await bootAndCheck(inputs, name, progress);
  } finally {
    await endRehearsal(inputs);
  }
}

async function bootAndCheck(inputs: RehearsalInputs, name: string, progress: VmProgress) {
  const { stack, host, address, outPath, cores, memoryMiB, startTimeoutSeconds, user, identityFile } = inputs;
  const checkedPorts = rehearsedChecks(inputs.healthChecks, address, (port) => port).ports;
  const ports = await freePorts([inputs.sshPort, ...checkedPorts]);
  const forwarded = (guest: number) => ports.get(guest) ?? guest;
  const { checks, skipped } = rehearsedChecks(inputs.healthChecks, address, forwarded);
  if (skipped.length > 0)
    progress.warn?.(
      `${host}: skipped in the rehearsal, since they check another machine: ${skipped.join(', ')}`,
    );
  const vm = virtualMachineInputs.parse({
    ...{ stack, name, system: outPath, cores, memoryMiB, startTimeoutSeconds, user, identityFile },
    forwardPorts: Object.fromEntries(
      [...ports].map(([guest, port]) => [`port-${guest}`, { host: port, guest }]),
    ),
  });
  const started = performance.now();
  progress.status?.('booting the new system in a virtual machine');
  const booted = await ensureVm(vm, progress).catch((error: unknown) => {
    if (hasCode(error, 'vm-failed')) throw failed(host, error.message);
    throw error;
  });
  const seconds = Math.round((performance.now() - started) / 1000);
  const connection = connectionSchema.parse({
    address: loopback,
    port: forwarded(inputs.sshPort),
    user,
    hostKey: booted.hostKey,
    identityFile: booted.identityFile,
    connectTimeoutSeconds: 60,
  });
  const machine = machineAt(host, connection);
  const consoleEnd = () => lastLines(vmPaths(stack, name).console);
  try {
    const options = { signal: progress.signal, timeoutSeconds: 120 };
    const { stdout } = await machine.run('uname -r', options).catch(async (error: unknown) => {
      if (!isFailure(error)) throw error;
      throw failed(host, `${error.message}\n${await consoleEnd()}`);
    });
    const unhealthy = await runHealthChecks(machine, checks, {
      signal: progress.signal,
      onLine: (line) => progress.status?.(`rehearsal: ${line}`),
    });
    if (unhealthy.length > 0) throw failed(host, [...unhealthy, await consoleEnd()].join('\n'));
    return { rehearsedAt: new Date().toISOString(), kernel: stdout.trim(), seconds };
  } finally {
    await machine.close();
  }
}

/** A free loopback port of this computer for each guest port. */
async function freePorts(guests: readonly number[]): Promise<Map<number, number>> {
  const ports = new Map<number, number>();
  // Keep all of them open until the last is known, so that none is assigned twice.
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
    fix: 'Fix the cause above. To inspect the system, add a machine with this configuration to virtualMachines and run npm run console.',
  });
}
