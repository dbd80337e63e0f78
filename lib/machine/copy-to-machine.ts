import { formatSize } from '../base/bytes.ts';
import { FleetError, hasCode } from '../base/errors.ts';
import { StallWatch } from '../base/stall.ts';
import { copyClosure } from '../store/nix/copy.ts';
import { copyError, stalledCopy, stallSeconds } from '../store/nix/copy-error.ts';
import { exportPaths } from '../store/nix/export.ts';
import { requisites } from '../store/nix/store.ts';
import { scriptFile, scriptText } from './script/text.ts';
import type { Machine } from './ssh/machine.ts';

export interface CopyToMachineRequest {
  /** Valid store paths; their closures are copied. */
  paths: readonly string[];
  /** Folder with the root file system of a system that is being installed, whose store receives them. Default: the live system's. */
  root?: string;
  /** Whether the machine first fetches what its own caches have. Default: false. */
  substituteOnDestination?: boolean;
  signal?: AbortSignal;
  /** A line for a status display, such as "copying 12/80 paths, 34 MiB". */
  onProgress?: (message: string) => void;
}

/** Longest time that a copy may take, in seconds. */
const limitSeconds = 24 * 3600;

/** Paths per stream, so that the arguments of `nix-store --export` stay within ARG_MAX. */
const batchSize = 4000;

const missingScript = scriptFile('./missing-paths.sh', import.meta.url);
const fetchScript = scriptFile('./fetch-paths.sh', import.meta.url);
/** An argument and not a script file: the standard input is the stream. `$1` is the store. */
const importCommand =
  'PATH=$PATH:/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin:/usr/local/bin; exec nix-store --store "$1" --import >/dev/null';

/**
 * Copies the missing paths of closures into a machine's store, as root. `nix copy` does so where becoming root needs no
 * password. It cannot pass a password on to the remote program, so otherwise the paths go through our own connection as a
 * `nix-store --export` stream. Nothing is copied to the operator's own computer, whose store is this one.
 * @throws FleetError no-room, unreachable, host-key, access-denied, not-nixos, cancelled, and copy-failed for the rest
 */
export async function copyToMachine(machine: Machine, request: CopyToMachineRequest): Promise<void> {
  if (machine.connection.local) return;
  const reachable = await withWorkingLogin(machine, request);
  const { user, becomePassword } = reachable.connection;
  if (user !== 'root' && becomePassword !== undefined) return await sendMissing(reachable, request);
  const store = reachable.store();
  const { root, ...copied } = request;
  const target =
    root === undefined ? store.uri : `${store.uri}&remote-store=${encodeURIComponent(storeIn(root))}`;
  await copyClosure({ ...copied, host: machine.name, target, sshOpts: store.env.NIX_SSHOPTS });
}

/** The machine, entered as a user whose login works: neither nix copy nor a stream can be retried as another user. */
async function withWorkingLogin(machine: Machine, { signal }: CopyToMachineRequest): Promise<Machine> {
  const bootstrap = machine.asBootstrapUser();
  const lasting = machine.asRegularUser();
  if (!bootstrap) return lasting;
  return await lasting.run('true', { signal }).then(
    () => lasting,
    (error: unknown) => {
      if (hasCode(error, 'access-denied')) return bootstrap;
      throw error;
    },
  );
}

async function sendMissing(machine: Machine, request: CopyToMachineRequest): Promise<void> {
  const { paths, root, substituteOnDestination, signal, onProgress } = request;
  const closure = [...(await requisites(paths, { signal }))];
  if (substituteOnDestination && root === undefined) await substitute(machine, request);
  const lacking = root === undefined ? await missingOnMachine(machine, request, closure) : new Set(closure);
  const missing = closure.filter((path) => lacking.has(path));
  let bytes = 0;
  for (let sent = 0; sent < missing.length; sent += batchSize) {
    const part = missing.slice(sent, sent + batchSize);
    const report = () => onProgress?.(`copying ${missing.length} paths, ${formatSize(bytes)}`);
    const watch = new StallWatch(stallSeconds);
    const onBytes = (count: number) => {
      watch.progress();
      const before = Math.floor(bytes / 2 ** 20);
      bytes += count;
      if (Math.floor(bytes / 2 ** 20) > before) report();
    };
    report();
    const words = ['sh', '-c', importCommand, 'sh', root === undefined ? 'auto' : storeIn(root)];
    const stream = exportPaths(part, { host: machine.name, signal, onBytes });
    const either = signal ? AbortSignal.any([signal, watch.signal]) : watch.signal;
    const options = { signal: either, timeoutSeconds: limitSeconds };
    const { exitCode, stderr } = await machine
      .stream(words, stream, options)
      .catch((error: unknown) => {
        throw watch.stalled ? stalledCopy(machine.name, error) : cancelledCopy(error, machine.name);
      })
      .finally(() => watch.end());
    if (exitCode !== 0) throw failed(machine, stderr, exitCode);
  }
}

/** Nix's name for the store in a root file system. */
function storeIn(root: string): string {
  return `local?root=${root}`;
}

/** The paths that are not valid in the machine's store. */
async function missingOnMachine(
  machine: Machine,
  { signal }: CopyToMachineRequest,
  paths: readonly string[],
): Promise<Set<string>> {
  const script = scriptText(missingScript, { variables: { paths: paths.join('\n') } });
  const { exitCode, stdout, stderr } = await machine.run(script, {
    signal,
    timeoutSeconds: 300,
  });
  if (exitCode !== 0) throw failed(machine, stderr, exitCode);
  return new Set(stdout.split('\n').filter(Boolean));
}

/** Failures are ignored: what the caches lack is sent afterwards. */
async function substitute(
  machine: Machine,
  { paths, signal, onProgress }: CopyToMachineRequest,
): Promise<void> {
  onProgress?.('fetching from the machine’s caches');
  const script = scriptText(fetchScript, { variables: { paths: paths.join('\n') } });
  await machine.run(script, { signal, timeoutSeconds: limitSeconds });
}

function failed(machine: Machine, stderr: string, exitCode: number): FleetError {
  const { user, address } = machine.connection;
  const messages = [stderr.trim() || `nix-store on the machine exited with code ${exitCode}`];
  return copyError({ target: `${user}@${address}`, host: machine.name, messages });
}

function cancelledCopy(error: unknown, host: string): unknown {
  if (!hasCode(error, 'cancelled')) return error;
  return new FleetError({ code: 'cancelled', what: 'the copy was cancelled', host, cause: error });
}
