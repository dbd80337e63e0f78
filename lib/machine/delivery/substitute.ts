import { type FleetError, isFailure } from '../../base/errors.ts';
import { limitArguments } from '../../store/nix/path-info.ts';
import { readMachineSettings } from '../nix-conf/machine-settings.ts';
import { scriptFile, scriptText } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { explainRefusedSubstitution, refusedSubstitute } from './explain-substitution.ts';

const substituteScript = scriptFile('./substitute.sh', import.meta.url);
const pathInfoScript = scriptFile('./path-info.sh', import.meta.url);

export interface SubstituteRequest {
  system: string;
  /** URLs of the caches to use. Default: all that are configured on the machine. */
  from?: readonly string[];
  signal?: AbortSignal;
  status: (line: string) => void;
}

/** Longest time for fetching a closure, in seconds. */
const limitSeconds = 6 * 3600;

/**
 * Lets a machine fetch a closure from its own caches. Nothing is copied from here.
 * @throws FleetError substitution-failed, no-room, unreachable, host-key, access-denied, cancelled
 */
export async function substitute(machine: Machine, request: SubstituteRequest): Promise<void> {
  const { system, signal, status } = request;
  let fetched = 0;
  const caches = request.from ? ['--option', 'substituters', request.from.join(' ')] : [];
  const script = scriptText(substituteScript, { args: [...limitArguments, ...caches, system] });
  const { exitCode, stderr } = await machine.run(script, {
    timeoutSeconds: limitSeconds,
    signal,
    onStderrLine: (line) => {
      if (!line.startsWith('copying path ')) return;
      fetched += 1;
      status(`fetching from the machine’s caches: ${fetched} paths`);
    },
  });
  if (exitCode === 0) return;
  throw await explain(machine, request, stderr);
}

/** Explains the failure. Signatures and trusted keys are read only now, since success is the usual case. */
async function explain(
  machine: Machine,
  { system, signal }: SubstituteRequest,
  stderr: string,
): Promise<FleetError> {
  const { name: host } = machine;
  const refused = refusedSubstitute(stderr);
  const options = { timeoutSeconds: 60, signal };
  const settings = await readMachineSettings(machine, options).catch(undefinedOnFailure);
  if (!refused) return explainRefusedSubstitution({ host, system, stderr, settings });
  const args = [...limitArguments, '--store', refused.cache, refused.path];
  const script = scriptText(pathInfoScript, { args });
  const info = await machine.run(script, options).catch(undefinedOnFailure);
  return explainRefusedSubstitution({ host, system, stderr, settings, refused, pathInfo: info?.stdout });
}

function undefinedOnFailure(error: unknown): undefined {
  if (isFailure(error)) return undefined;
  throw error;
}
