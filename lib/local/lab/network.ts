import { mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { FleetError } from '../../base/errors.ts';
import { readIfThere, readJson, undefinedIfMissing, writeJson } from '../../base/files.ts';
import { run, runToEnd } from '../../base/process/run.ts';
import { withTemporaryFolder } from '../../base/temporary-folder.ts';
import { ensureLabBase, labTools } from './base.ts';
import { type Cidr, gatewayOf, overlap, parseCidr } from './cidr.ts';
import { bridgeName, networkPaths } from './paths.ts';

const networkRequest = z.object({
  lab: z.string(),
  /** Address range, such as 10.77.0.0/24. */
  cidr: z.string(),
  /** The machines' host names for /etc/hosts: name to address. */
  hosts: z.record(z.string(), z.string()),
  /** The project and the stack that use the lab, such as `fleet/dev`. */
  owner: z.string().optional(),
});
export type NetworkRequest = z.infer<typeof networkRequest>;

export interface Network extends NetworkRequest {
  /** Name of the bridge interface. */
  bridge: string;
  /** This computer's address in it. */
  gateway: string;
  /** Private key file of the lab's ssh identity, which may log in to every machine as root. */
  identityFile: string;
  publicKey: string;
  /** Whether the bridge exists and is up; false after the computer restarted. */
  up: boolean;
}

const seconds = 30;

/**
 * Creates or completes a lab's bridge, key and host names. The bridge has no uplink, no forwarding and no NAT: nothing leaves
 * it.
 *
 * @throws FleetError `lab-failed` if the range is in use by another interface or route.
 */
export async function ensureNetwork(request: NetworkRequest): Promise<Network> {
  const { tools } = await ensureLabBase();
  const paths = networkPaths(request.lab);
  const cidr = parseCidr(request.cidr);
  if (!cidr) throw new FleetError({ code: 'lab-failed', what: `'${request.cidr}' is not an IPv4 network` });
  const bridge = bridgeName(request.lab);
  await refuseOtherFolder(tools.ip, request.lab);
  await refuseRangeInUse(tools.ip, cidr, bridge, request.cidr);

  await mkdir(paths.folder, { recursive: true, mode: 0o700 });
  await ensureIdentity(tools['ssh-keygen'], request.lab);
  await ensureBridge(tools.ip, bridge, `${gatewayOf(cidr)}/${cidr.prefix}`, paths.folder);
  // In place, not by a rename: running machines have this file bind-mounted.
  await writeFile(paths.hosts, formatHosts(request.hosts));
  await writeJson(paths.record, request);
  return { ...request, ...(await describe(request)) };
}

/** The network’s current state, or undefined if it does not exist. */
export async function readNetwork(lab: string): Promise<Network | undefined> {
  const request = await readJson(networkPaths(lab).record, networkRequest);
  return request && { ...request, ...(await describe(request)) };
}

/** Removes the bridge and the lab's folder; its machines must have been removed. */
export async function deleteNetwork(lab: string): Promise<void> {
  const { ip } = await labTools();
  const bridge = bridgeName(lab);
  const { folder } = networkPaths(lab);
  const link = await readLink(ip, bridge);
  if (link && isOf(link, folder)) await run(ip, ['link', 'delete', bridge], { timeoutSeconds: seconds });
  await rm(folder, { recursive: true, force: true });
  // The parent folders too, if they are empty now.
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
  const make = async (folder: string) => {
    const draft = join(folder, 'key');
    const args = ['-q', '-t', 'ed25519', '-N', '', '-C', `nixos-fleet lab ${lab}`, '-f', draft];
    await run(keygen, args, { timeoutSeconds: seconds });
    await rename(draft, paths.identity);
    await rename(`${draft}.pub`, paths.publicKey);
  };
  await withTemporaryFolder(make, { parent: dirname(paths.identity) });
}

async function ensureBridge(ip: string, bridge: string, address: string, folder: string): Promise<void> {
  const ipRun = (...args: string[]) => run(ip, args, { timeoutSeconds: seconds });
  if (!(await readLink(ip, bridge))) await ipRun('link', 'add', 'name', bridge, 'type', 'bridge');
  // IPv4 only. The file does not exist if the kernel has no IPv6.
  await writeFile(`/proc/sys/net/ipv6/conf/${bridge}/disable_ipv6`, '1').catch(undefinedIfMissing);
  await writeFile(`/proc/sys/net/ipv4/conf/${bridge}/forwarding`, '0');
  await ipRun('address', 'replace', address, 'dev', bridge);
  await ipRun('link', 'set', bridge, 'up', 'alias', aliasOf(folder));
}

interface Link {
  ifalias?: string;
}

async function readLink(ip: string, name: string): Promise<Link | undefined> {
  const shown = await runToEnd(ip, ['-json', 'link', 'show', name], { timeoutSeconds: seconds });
  return shown.exitCode === 0 ? (JSON.parse(shown.stdout) as Link[])[0] : undefined;
}

/** Linux keeps 255 characters. */
const aliasOf = (folder: string) => folder.slice(-255);

/** Whether a bridge belongs to the lab in a folder. Older ones do not name theirs. */
function isOf({ ifalias }: Link, folder: string): boolean {
  return ifalias === undefined || ifalias === aliasOf(folder);
}

/** Refuses a new lab that another stack has already, since two projects may have stacks of one name. */
export async function refuseLabOfOther({ lab, owner }: NetworkRequest): Promise<void> {
  const recorded = await readJson(networkPaths(lab).record, networkRequest);
  if (recorded?.owner === undefined || recorded.owner === owner) return;
  throw inUse(lab, `it belongs to the stack ${recorded.owner}`);
}

/** Bridges and machines have the lab's name, which a lab in another folder for state may have, too. */
async function refuseOtherFolder(ip: string, lab: string): Promise<void> {
  const link = await readLink(ip, bridgeName(lab));
  if (link && !isOf(link, networkPaths(lab).folder))
    throw inUse(lab, `its network ${bridgeName(lab)} belongs to the lab in ${link.ifalias}`);
}

function inUse(lab: string, why: string): FleetError {
  return new FleetError({
    code: 'lab-failed',
    what: `the lab '${lab}' is in use on this computer`,
    why,
    fix: 'Give this stack another name, which its lab gets, too, or destroy the other one first.',
  });
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

/** The first route of another interface that shares addresses with `cidr`; the default route does not count. */
export function conflictingRoute(routes: readonly Route[], cidr: Cidr, bridge: string): Route | undefined {
  return routes.find((route) => {
    if (route.dst === 'default' || route.dev === bridge) return false;
    const destination = parseCidr(route.dst);
    return destination !== undefined && destination.prefix > 0 && overlap(destination, cidr);
  });
}

/** Content of /etc/hosts on a lab's machines. */
export function formatHosts(hosts: Record<string, string>): string {
  const lines = Object.entries(hosts)
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([name, address]) => `${address} ${name}`);
  return `${['127.0.0.1 localhost', '::1 localhost', ...lines].join('\n')}\n`;
}
