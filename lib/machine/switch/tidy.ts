import type { DeploymentInputs } from '../../../schema/deployment.ts';
import { isFailure } from '../../base/errors.ts';
import { profilePath } from '../read-machine.ts';
import { Reply } from '../script/reply.ts';
import { bootStateScript, lockScript, scriptFile } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';

/** Removes old generations. */
export const tidyScript = lockScript + bootStateScript + scriptFile('./tidy.sh', import.meta.url);

/** Limit in seconds; garbage collection reads the whole store. */
const limitSeconds = 3600;

export interface TidyRequest
  extends Pick<DeploymentInputs, 'profile' | 'keepGenerations' | 'collectGarbage'> {
  /** Store path of the previous system, which is kept. */
  before: string;
  /** Who deploys. */
  by: string;
  signal?: AbortSignal;
  status: (line: string) => void;
  warn: (line: string) => void;
}

/**
 * Removes old generations and collects garbage after a confirmed deployment, as configured. A failure is only a warning, since
 * the new system is live. Returns whether there was anything to do.
 * @throws FleetError cancelled
 */
export async function tidy(machine: Machine, request: TidyRequest): Promise<boolean> {
  const { keepGenerations, collectGarbage, before, by, signal, status, warn } = request;
  if (!keepGenerations && !collectGarbage) return false;
  status(collectGarbage ? 'removing old generations, collecting garbage' : 'removing old generations');
  const variables = {
    profile: profilePath(request.profile),
    count: keepGenerations?.count ?? '',
    days: keepGenerations?.days ?? '',
    before,
    by,
    collect: collectGarbage ? 'yes' : 'no',
  };
  const options = { variables, signal, timeoutSeconds: limitSeconds };
  const reply = await runScript(machine, tidyScript, options).catch((error: unknown) => {
    if (isFailure(error)) return new Reply(machine.name, { stderr: error.message });
    throw error;
  });
  const isDone = reply.isWhole && !reply.has('failed');
  const problem = reply.text('skipped') || (isDone ? undefined : reply.why());
  if (problem) warn(`${machine.name} runs the new system, but not all old ones were removed: ${problem}`);
  if (reply.has('freed')) status(reply.text('freed'));
  return true;
}
