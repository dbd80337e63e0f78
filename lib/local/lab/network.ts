import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { FleetError } from '../../base/errors.ts';
import { readIfThere, readJson, undefinedIfMissing, writeJson } from '../../base/files.ts';
import { run, runToEnd } from '../../base/process/run.ts';
import { ensureLabBase, labTools } from './base.ts';
import { type Cidr, gatewayOf, overlap, parseCidr } from './cidr.ts';
import { bridgeName, networkPaths } from './paths.ts';

const networkRequest = z.object({
  lab: z.string(),
  /** Address range, such as 10.77.0.0/24. */
  cidr: z.string(),
  /** Names the machines know each other by: name to address. */
  hosts: z.record(z.string(), z.string()),
});
export type NetworkRequest = z.infer<typeof networkRequest>;

export interface Network extends NetworkRequest {
  /** Name of the bridge interface. */
  bridge: string;
  /** The operator's own address in it. */
  gateway: string;
  /** Private key file of the lab's own ssh identity, which every machine lets in as root. */
  identityFile: string;
  publicKey: string;
  /** Whether the bridge is there and up; it is not after the computer was restarted. */
  up: boolean;
}

const seconds = 30;

/**
 * Makes a lab's bridge, key and names, or completes what is there. The bridge has no uplink, no forwarding and no address
 * translation: nothing leaves it.
 *
 * @throws FleetError `lab-failed` when the range is in use by another interface or route.
 */
export async function ensureNetwork(request: NetworkRequest): Promise<Network> {
  const { tools } = await ensureLabBase();
  const paths = networkPaths(request.lab);
  const cidr = parseCidr(request.cidr);
  if (!cidr) throw new FleetError({ code: 'lab-failed', what: `'${request.cidr}' is not an IPv4 network` });
  const bridge = bridgeName(request.lab);
  await refuseRangeInUse(tools.ip, cidr, bridge, request.cidr);

  await mkdir(paths.folder, { recursive: true, mode: 0o700 });
  await ensureIdentity(tools['ssh-keygen'], request.lab);
  await ensureBridge(tools.ip, bridge, `${gatewayOf(cidr)}/${cidr.prefix}`);
  // In place, not by a rename: running machines see this very file.
  await writeFile(paths.hosts, formatHosts(request.hosts));
  await writeJson(paths.record, request);
  return { ...request, ...(await describe(request)) };
}

/** The network as it is, or undefined if there is none of that name. */
export async function readNetwork(lab: string): Promise<Network | undefined> {
  const request = await readJson(networkPaths(lab).record, networkRequest);
  return request && { ...request, ...(await describe(request)) };
}

/** Removes the bridge and the lab's whole folder; its machines must be gone. */
export async function deleteNetwork(lab: string): Promise<void> {
  const { ip } = await labTools();
  const bridge = bridgeName(lab);
  if (await linkExists(ip, bridge)) await run(ip, ['link', 'delete', bridge], { timeoutSeconds: seconds });
  const { folder } = networkPaths(lab);
  await rm(folder, { recursive: true, force: true });
  // The folders above it when this was the last lab, and nothing else is in them.
  for (const above of [dirname(folder), dirname(dirname(folder))]) await rmdir(above).catch(() => undefined);
}

async function describe(request: NetworkRequest) {
  const paths = networkPaths(request.lab);
  const cidr = parseCidr(request.cidr) as Cidr;
  const bridge = bridgeName(request.lab);
  const { ip } = await labTools();
  const shown = await runToEnd(ip, ['-json', 'address', 'show', 'dev', bridge, 'up'], {
    timeoutSeconds: seconds,
  });
  return {
    bridge,
    gateway: gatewayOf(cidr),
    identityFile: paths.identity,
    publicKey: (await readFile(paths.publicKey, 'utf8')).trim(),
    up: shown.exitCode === 0 && shown.stdout.includes(`"${gatewayOf(cidr)}"`),
  };
}

async function ensureIdentity(keygen: string, lab: string): Promise<void> {
  const paths = networkPaths(lab);
  if ((await readIfThere(paths.publicKey)) !== undefined) return;
  const draft = `${paths.identity}.${randomUUID()}`;
  await run(keygen, ['-q', '-t', 'ed25519', '-N', '', '-C', `nixos-fleet lab ${lab}`, '-f', draft], {
    timeoutSeconds: seconds,
  });
  await rename(draft, paths.identity);
  await rename(`${draft}.pub`, paths.publicKey);
}

async function ensureBridge(ip: string, bridge: string, address: string): Promise<void> {
  const ipRun = (...args: string[]) => run(ip, args, { timeoutSeconds: seconds });
  if (!(await linkExists(ip, bridge))) await ipRun('link', 'add', 'name', bridge, 'type', 'bridge');
  // IPv4 alone; no file where the kernel has no IPv6.
  await writeFile(`/proc/sys/net/ipv6/conf/${bridge}/disable_ipv6`, '1').catch(undefinedIfMissing);
  await writeFile(`/proc/sys/net/ipv4/conf/${bridge}/forwarding`, '0');
  await ipRun('address', 'replace', address, 'dev', bridge);
  await ipRun('link', 'set', bridge, 'up');
}

async function linkExists(ip: string, name: string): Promise<boolean> {
  return (await runToEnd(ip, ['link', 'show', name], { timeoutSeconds: seconds })).exitCode === 0;
}

async function refuseRangeInUse(ip: string, cidr: Cidr, bridge: string, text: string): Promise<void> {
  const routes = await run(ip, ['-json', '-4', 'route', 'show', 'table', 'all'], { timeoutSeconds: seconds });
  const other = conflictingRoute(JSON.parse(routes.stdout || '[]'), cidr, bridge);
  if (!other) return;
  throw new FleetError({
    code: 'lab-failed',
    what: `the lab’s network ${text} is in use on this computer`,
    why: `${other.dst} belongs to the interface ${other.dev ?? '(none)'}`,
    fix: 'Choose another private range for the lab (config key lab.network).',
  });
}

export interface Route {
  dst: string;
  dev?: string;
  type?: string;
}

/** The first route of another interface that shares addresses with `cidr`; the default route is none. Pure. */
export function conflictingRoute(routes: readonly Route[], cidr: Cidr, bridge: string): Route | undefined {
  return routes.find((route) => {
    if (route.dst === 'default' || route.dev === bridge) return false;
    const destination = parseCidr(route.dst);
    return destination !== undefined && destination.prefix > 0 && overlap(destination, cidr);
  });
}

/** The text of /etc/hosts on a lab's machines. Pure. */
export function formatHosts(hosts: Record<string, string>): string {
  const lines = Object.entries(hosts)
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([name, address]) => `${address} ${name}`);
  return `${['127.0.0.1 localhost', '::1 localhost', ...lines].join('\n')}\n`;
}
