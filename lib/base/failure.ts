import { FleetError } from './errors.ts';
import { presentable } from './presentable.ts';

/** An error of the operating system, as Node reports it. */
interface SystemError extends Error {
  code: string;
  syscall: string;
  path?: string;
  dest?: string;
  hostname?: string;
  address?: string;
  port?: number;
}

const permissions = 'Give the user who runs this access: check owner and permissions.';
const inTheWay = 'Move the existing file away, or use another path.';
const room = 'Free some space there, then run again.';
const limits = 'Close other programs, or raise the limit, then run again.';
const network = 'Check the address and the network, then run again.';

/** Fixes for system errors that the environment causes. Any other system error, such as EBADF, is a bug. */
const fixes: Readonly<Record<string, string>> = {
  EACCES: permissions,
  EPERM: permissions,
  EROFS: 'The file system is read-only: use a path on another one.',
  ENOENT: 'Check the path: it does not exist.',
  ENOTDIR: inTheWay,
  EISDIR: inTheWay,
  EEXIST: inTheWay,
  ENOTEMPTY: inTheWay,
  ELOOP: 'Check the symbolic links of the path.',
  ENAMETOOLONG: 'Use a shorter path.',
  EXDEV: 'Use a path on the same file system.',
  ETXTBSY: 'Stop the program that runs from it, then run again.',
  EBUSY: 'Stop the process that uses it, then run again.',
  ENOSPC: room,
  EDQUOT: room,
  EFBIG: room,
  ENOMEM: limits,
  EMFILE: limits,
  ENFILE: limits,
  EAGAIN: limits,
  EIO: 'Check the disk: the kernel log (dmesg) names it.',
  ESTALE: 'Remount the network file system.',
  EPIPE: 'The program that reads this output exited early: run again and let it read to the end.',
  EADDRINUSE: 'Stop the program that listens there, or use another port.',
  EADDRNOTAVAIL: network,
  ECONNREFUSED: network,
  ECONNRESET: network,
  ECONNABORTED: network,
  EHOSTUNREACH: network,
  ENETUNREACH: network,
  ENOTFOUND: network,
  EAI_AGAIN: network,
  ETIMEDOUT: network,
};

/** Plain verbs for system calls whose names are not verbs users know. */
const verbs: Readonly<Record<string, string>> = {
  access: 'reach',
  bind: 'listen on',
  copyfile: 'copy',
  fsync: 'write',
  ftruncate: 'write',
  getaddrinfo: 'resolve',
  listen: 'listen on',
  lstat: 'read',
  mkdir: 'create the folder',
  mkdtemp: 'create the folder',
  readlink: 'read',
  realpath: 'find',
  rm: 'remove',
  rmdir: 'remove the folder',
  scandir: 'read the folder',
  stat: 'read',
  statfs: 'read',
  symlink: 'link',
  unlink: 'remove',
  utime: 'write',
};

/**
 * Turns an error into a failure the user can act on: a FleetError as it is, a system error with what, why and fix.
 * Undefined for a bug.
 */
export function failureOf(error: unknown): FleetError | undefined {
  if (error instanceof FleetError) return error;
  if (!isSystemError(error)) return undefined;
  const { code, syscall } = error;
  const fix = fixes[code];
  if (fix === undefined) return undefined;
  const [call = '', ...words] = syscall.split(' ');
  const verb = call === 'spawn' ? 'start' : (verbs[call] ?? call);
  const object = placeOf(error) ?? (words.join(' ') || 'a file');
  return new FleetError({
    code: 'system-failed',
    what: `cannot ${verb} ${object}`,
    why: whyOf(error),
    fix,
    cause: error,
  });
}

/** The text of an error for the user: the message of a failure, the stack of a bug. */
export function describeError(error: unknown): string {
  const failure = failureOf(error);
  if (failure) return failure.message;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `This is a bug in nixos-fleet: please report it with the lines below.\n${presentable(stack)}`;
}

function isSystemError(error: unknown): error is SystemError {
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as Partial<SystemError>;
  return typeof code === 'string' && typeof syscall === 'string';
}

function placeOf({ path, dest, hostname, address, port }: SystemError): string | undefined {
  if (path !== undefined) return dest === undefined ? path : `${path} to ${dest}`;
  const host = address ?? hostname;
  return host === undefined || port === undefined ? host : `${host} port ${port}`;
}

/** `EACCES: permission denied, open '/x'` to `permission denied (EACCES)`. */
function whyOf({ code, message }: SystemError): string {
  const words = /^[A-Z0-9_]+: (.*?)(?:, [a-z]+(?: .*)?)?$/s.exec(message)?.[1];
  return words === undefined ? message : `${words} (${code})`;
}
