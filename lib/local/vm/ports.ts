import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { ForwardPort, VirtualMachineInputs } from '../../../schema/virtual-machine.ts';
import { vmPaths } from './paths.ts';

/** A port of this computer that something listens on. */
export interface Listener {
  protocol: 'tcp' | 'udp';
  port: number;
  /** Dotted; `::` is any IPv6 address, which usually includes IPv4. */
  address: string;
  /** Inode of the socket, as in /proc/PID/fd. */
  inode: string;
}

type Claim = Pick<ForwardPort, 'protocol' | 'host' | 'address'>;

/** Ports of this computer that a machine uses, by property path. */
export function claimsOf({
  forwardPorts,
  gdb,
}: Pick<VirtualMachineInputs, 'forwardPorts' | 'gdb'>): Record<string, Claim> {
  const forwarded = Object.entries(forwardPorts).map(([name, forward]) => [
    `forwardPorts.${name}.host`,
    forward,
  ]);
  const stub = gdb ? [['gdb.port', { protocol: 'tcp', host: gdb.port, address: '127.0.0.1' }]] : [];
  return Object.fromEntries([...forwarded, ...stub]);
}

/** Whether two claims conflict. */
export function conflicts(one: Claim, other: Claim): boolean {
  const all = ['0.0.0.0', '::'];
  return (
    one.protocol === other.protocol &&
    one.host === other.host &&
    (one.address === other.address || all.includes(one.address) || all.includes(other.address))
  );
}

/** Who else listens on a port that a machine claims; undefined if nobody does. */
export function portInUse(
  claim: Claim,
  { stack, name }: Pick<VirtualMachineInputs, 'stack' | 'name'>,
): string | undefined {
  const found = listeners().find(({ protocol, port, address }) =>
    conflicts(claim, { protocol, host: port, address }),
  );
  if (!found) return undefined;
  const own = readText(vmPaths(stack, name).pid).trim();
  if (own && holds(own, found.inode)) return undefined;
  const owner = readdirSync('/proc').find((entry) => /^\d+$/.test(entry) && holds(entry, found.inode));
  if (!owner) return 'a process of another user';
  return describeOwner(owner, readText(`/proc/${owner}/cmdline`).split('\0').filter(Boolean));
}

/** Describes a process; one of our virtual machines is recognised by its pid file. */
export function describeOwner(pid: string, words: readonly string[]): string {
  const [, stack, name] =
    /\/nixos-fleet\/vm\/([^/]+)\/([^/]+)\/pid$/.exec(words[words.indexOf('-pidfile') + 1] ?? '') ?? [];
  if (name) return `the virtual machine ${name} of the stack ${stack}`;
  return `process ${pid} (${words.join(' ').slice(0, 100)})`;
}

function listeners(): Listener[] {
  return (['tcp', 'udp'] as const).flatMap((protocol) =>
    ['', '6'].flatMap((family) => parseListeners(readText(`/proc/net/${protocol}${family}`), protocol)),
  );
}

/** The listening sockets in the text of /proc/net/tcp, tcp6, udp or udp6. */
export function parseListeners(text: string, protocol: Listener['protocol']): Listener[] {
  // TCP_LISTEN; an unconnected UDP socket is in the state TCP_CLOSE.
  const listening = protocol === 'tcp' ? '0A' : '07';
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      const [address = '', port = ''] = local.split(':');
      if (state !== listening) return [];
      return [{ protocol, port: Number.parseInt(port, 16), address: dotted(address), inode }];
    });
}

/** Each 32 bits are in the processor's byte order: little-endian on the supported platforms. */
function dotted(hex: string): string {
  const bytes = (hex.slice(-8).match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16));
  if (hex.length === 8) return bytes.join('.');
  if (/^0*$/.test(hex)) return '::';
  // IPv4-mapped IPv6. Other IPv6 addresses cannot conflict with forwards, which are IPv4.
  return hex.startsWith('0000000000000000FFFF0000') ? bytes.join('.') : hex;
}

function holds(pid: string, inode: string): boolean {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((fd) => readLink(`${folder}/${fd}`) === `socket:[${inode}]`);
  } catch {
    return false; // Exited, or of another user.
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
