import { formatMiB } from '../base/bytes.ts';
import { FleetError, hasCode } from '../base/errors.ts';
import { copyClosure } from '../store/nix/copy.ts';
import { copyError } from '../store/nix/copy-error.ts';
import { exportPaths } from '../store/nix/export.ts';
import { requisites } from '../store/nix/store.ts';
import { scriptFile, scriptText } from './script/text.ts';
import type { Machine } from './ssh/machine.ts';

export interface CopyToMachineRequest {
  /** Valid store paths; their closures are copied. */
  paths: readonly string[];
  /** Lets the machine fetch what its own caches have, instead of sending it. */
  substituteOnDestination?: boolean;
  signal?: AbortSignal;
  /** A line for a status display, such as "copying 12/80 paths, 34 MiB". */
  onProgress?: (message: string) => void;
}

/** Longest time that a copy may take, in seconds. */
const limitSeconds = 24 * 3600;

/** Paths in one stream, so that the arguments of the program that makes it stay within the system's limits. */
const atOnce = 4000;

const missingScript = scriptFile('./missing-paths.sh', import.meta.url);
const fetchScript = scriptFile('./fetch-paths.sh', import.meta.url);
/** An argument and not a script file: the standard input is the stream. */
const importCommand =
  'PATH=$PATH:/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin:/usr/local/bin; exec nix-store --import >/dev/null';

/**
 * Brings closures to a machine: only what it lacks, with root's rights. Nix does it by itself over ssh wherever becoming
 * root takes no password; nothing can hand one to the program that Nix starts there, so else the paths go as one stream
 * through a connection of ours. To the operator's own computer nothing is copied: its store is this one.
 * @throws FleetError no-room, unreachable, host-key, access-denied, not-nixos, cancelled, and copy-failed for the rest
 */
export async function copyToMachine(machine: Machine, request: CopyToMachineRequest): Promise<void> {
  if (machine.connection.local) return;
  const entered = await letIn(machine, request);
  const { user, becomePassword } = entered.connection;
  if (user !== 'root' && becomePassword !== undefined) return await sendMissing(entered, request);
  const store = entered.store();
  await copyClosure({ ...request, host: machine.name, target: store.uri, sshOpts: store.env.NIX_SSHOPTS });
}

/** The machine by the user who is let in: neither nix nor a stream can be sent a second time by another one. */
async function letIn(machine: Machine, { signal }: CopyToMachineRequest): Promise<Machine> {
  const bootstrap = machine.asBootstrapUser();
  const lasting = machine.asLastingUser();
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
  const { paths, substituteOnDestination, signal, onProgress } = request;
  const closure = [...(await requisites(paths, { signal }))];
  if (substituteOnDestination) await substitute(machine, request);
  const lacking = await missingOnMachine(machine, request, closure);
  const missing = closure.filter((path) => lacking.has(path));
  let bytes = 0;
  for (let sent = 0; sent < missing.length; sent += atOnce) {
    const part = missing.slice(sent, sent + atOnce);
    const say = () => onProgress?.(`copying ${missing.length} paths, ${formatMiB(bytes)}`);
    const onBytes = (count: number) => {
      const before = Math.floor(bytes / 2 ** 20);
      bytes += count;
      if (Math.floor(bytes / 2 ** 20) > before) say();
    };
    say();
    const words = ['sh', '-c', importCommand];
    const stream = exportPaths(part, { host: machine.name, signal, onBytes });
    const options = { signal, timeoutSeconds: limitSeconds };
    const { exitCode, stderr } = await machine.stream(words, stream, options).catch((error: unknown) => {
      throw cancelledCopy(error, machine.name);
    });
    if (exitCode !== 0) throw failed(machine, stderr, exitCode);
  }
}

/** Those of the paths that are not valid in the machine's store. */
async function missingOnMachine(
  machine: Machine,
  { signal }: CopyToMachineRequest,
  paths: readonly string[],
): Promise<Set<string>> {
  const ask = scriptText(missingScript, { variables: { paths: paths.join('\n') } });
  const { exitCode, stdout, stderr } = await machine.run(ask, {
    signal,
    timeoutSeconds: 300,
  });
  if (exitCode !== 0) throw failed(machine, stderr, exitCode);
  return new Set(stdout.split('\n').filter(Boolean));
}

/** What the machine's caches do not have is sent afterwards: nothing here is an error. */
async function substitute(
  machine: Machine,
  { paths, signal, onProgress }: CopyToMachineRequest,
): Promise<void> {
  onProgress?.('the machine fetches from its caches');
  const script = scriptText(fetchScript, { variables: { paths: paths.join('\n') } });
  await machine.run(script, { signal, timeoutSeconds: limitSeconds });
}

function failed(machine: Machine, stderr: string, exitCode: number): FleetError {
  const { user, address } = machine.connection;
  const said = [stderr.trim() || `nix-store on the machine ended with exit code ${exitCode}`];
  return copyError({ target: `${user}@${address}`, host: machine.name, said });
}

function cancelledCopy(error: unknown, host: string): unknown {
  if (!hasCode(error, 'cancelled')) return error;
  return new FleetError({ code: 'cancelled', what: 'the copy was cancelled', host, cause: error });
}
