import { rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { lastLines } from '../../base/background.ts';
import { FleetError } from '../../base/errors.ts';
import { readJson, writeJson } from '../../base/files.ts';
import { until } from '../../base/until.ts';
import { sshBanner } from '../../machine/ssh/scan.ts';
import { ensureLabBase } from './base.ts';
import { contains, parseAddress, parseCidr } from './cidr.ts';
import { machineProcess, startProcess, stopProcess } from './machine-process.ts';
import { type MachineIdentity, makeRoot, type NixosSystem, prepareRoot } from './machine-root.ts';
import { type Network, readNetwork } from './network.ts';
import { machinePaths, machineTitle, networkPaths } from './paths.ts';
import { requireRoom } from './room.ts';

export interface MachineRequest {
  /** Name of the lab, whose network must be up. */
  lab: string;
  name: string;
  /** Address in the lab's network. */
  address: string;
  /** Root file system that its own is copied from; used on creation. */
  base: string;
  /** NixOS system, built, that is installed on creation in place of a copy of the base. */
  system?: NixosSystem | undefined;
}

export interface LabMachine extends MachineRequest, MachineIdentity {
  running: boolean;
  /** Its process and start time (ISO 8601, UTC); undefined if it is off. */
  pid?: number;
  startedAt?: string;
  /** Its root file system on this computer. */
  root: string;
  /** Log of its console. */
  console: string;
}

const machineRecord = z.object({
  lab: z.string(),
  name: z.string(),
  address: z.string(),
  base: z.string(),
  system: z.object({ drvPath: z.string(), outPath: z.string() }).optional(),
  machineId: z.string(),
  hostKey: z.string(),
});
type MachineRecord = z.infer<typeof machineRecord>;

/** Timeout until sshd answers, in seconds; generous for a busy computer. */
const startSeconds = 90;

/**
 * Creates a machine if there is none, sets its address and starts it if it is off. Returns once its sshd answers. An existing
 * machine is kept; one that an interrupted run left incomplete is created again.
 *
 * @throws FleetError `lab-failed` with the end of its console.
 */
export async function ensureMachine(request: MachineRequest, signal?: AbortSignal): Promise<LabMachine> {
  const network = await networkOf(request);
  const cidr = parseCidr(network.cidr);
  if (!cidr || !contains(cidr, parseAddress(request.address) ?? -1) || request.address === network.gateway) {
    throw new FleetError({
      code: 'lab-failed',
      host: request.name,
      what: `${request.address} cannot be a machine’s address in the lab '${request.lab}'`,
      why: `its network is ${network.cidr}, and ${network.gateway} is this computer`,
      fix: 'Give the machine another address in the stack’s config.',
    });
  }
  const paths = machinePaths(request.lab, request.name);
  let record = await readRecord(request.lab, request.name);
  const running = record?.address === request.address && (await machineProcess(request.lab, request.name));
  // Also stops what a killed keeper left running.
  if (!running) await stopProcess(request.lab, request.name);
  record ??= { ...request, ...(await makeRoot(request, signal)) };
  record = { ...record, address: request.address };
  if (!running) {
    await requireRoom(request.name);
    await prepareRoot(record, cidr.prefix);
    await writeJson(paths.record, record);
    await start(record, network);
  }
  await waitForSsh(request, signal);
  return describe(record);
}

/** The machine’s current state, or undefined if it does not exist. */
export async function readLabMachine(lab: string, name: string): Promise<LabMachine | undefined> {
  const record = await readRecord(lab, name);
  return record && describe(record);
}

/** Shuts a machine down; its root file system stays. */
export async function stopMachine(lab: string, name: string): Promise<void> {
  await stopProcess(lab, name);
}

/** Shuts a machine down and removes its processes, cgroup, interface and files. */
export async function deleteMachine(lab: string, name: string): Promise<void> {
  await stopProcess(lab, name);
  const title = machineTitle(lab, name);
  // The record first: a half-removed machine then counts as incomplete.
  await rm(machinePaths(lab, name).record, { force: true });
  await rm(machinePaths(lab, name).folder, { recursive: true, force: true });
  // Folders of nspawn for running machines.
  const folders = ['propagate', 'unix-export', 'locks'].map((name) => join('/run/systemd/nspawn', name));
  for (const folder of folders) await rm(join(folder, title), { recursive: true, force: true });
  for (const folder of [...folders, '/run/systemd/nspawn']) await rmdir(folder).catch(() => undefined);
}

async function start(request: MachineRecord, network: Network): Promise<void> {
  const { nix } = await ensureLabBase();
  await startProcess(request.lab, request.name, {
    title: machineTitle(request.lab, request.name),
    hostName: request.name,
    root: machinePaths(request.lab, request.name).root,
    bridge: network.bridge,
    readOnly: {
      ...(nix.shared && !request.system ? { [nix.shared]: nix.shared } : {}),
      [networkPaths(request.lab).hosts]: '/etc/hosts',
    },
  });
}

async function waitForSsh(request: MachineRequest, signal?: AbortSignal): Promise<void> {
  const { console } = machinePaths(request.lab, request.name);
  const outcome = await until(
    async () => {
      if (await sshBanner(request.address)) return 'answers';
      return (await machineProcess(request.lab, request.name)) ? undefined : 'ended';
    },
    { limitSeconds: startSeconds, signal },
  );
  if (outcome === 'answers') return;
  throw new FleetError({
    code: 'lab-failed',
    host: request.name,
    what:
      outcome === 'ended'
        ? 'the lab machine exited before ssh answered'
        : `no ssh server answers at ${request.address} within ${startSeconds} s`,
    why: await lastLines(console),
    fix: `Its console is in ${console}`,
  });
}

async function networkOf(request: MachineRequest): Promise<Network> {
  const network = await readNetwork(request.lab);
  if (network?.up) return network;
  throw new FleetError({
    code: 'lab-failed',
    host: request.name,
    what: `the network of the lab '${request.lab}' is not up`,
    fix: 'Run pulumi refresh, then pulumi up: they bring it up again.',
  });
}

function readRecord(lab: string, name: string): Promise<MachineRecord | undefined> {
  return readJson(machinePaths(lab, name).record, machineRecord);
}

async function describe(record: MachineRecord): Promise<LabMachine> {
  const { root, console } = machinePaths(record.lab, record.name);
  const found = await machineProcess(record.lab, record.name);
  return { ...record, ...found, running: found !== undefined, root, console };
}
