import { readFileSync } from 'node:fs';
import type { Connection } from '../../../schema/connection.ts';
import type { DeploymentInputs } from '../../../schema/deployment.ts';
import { FleetError } from '../../base/errors.ts';
import { profilePath } from '../read-machine.ts';
import { shellVariables } from '../ssh/quote.ts';
import { runOnMachine } from '../ssh/run.ts';

const script = readFileSync(new URL('./tidy.sh', import.meta.url), 'utf8');

/** Collecting garbage reads the whole store: seconds it may take. */
const limitSeconds = 3600;

export interface TidyRequest
  extends Pick<DeploymentInputs, 'host' | 'profile' | 'keepGenerations' | 'collectGarbage'> {
  /** Store path of the system that ran before this deployment; it stays. */
  before: string;
  /** Who deploys. */
  by: string;
  signal?: AbortSignal;
  status: (line: string) => void;
  warn: (line: string) => void;
}

/**
 * Removes what a confirmed deployment leaves behind, as far as the inputs ask for it. What cannot be removed is a warning:
 * the new system is live.
 * @throws FleetError cancelled
 */
export async function tidy(connection: Connection, request: TidyRequest): Promise<void> {
  const { host, keepGenerations, collectGarbage, before, by, signal, status, warn } = request;
  if (!keepGenerations && !collectGarbage) return;
  status(collectGarbage ? 'removing old generations, collecting garbage' : 'removing old generations');
  const variables = {
    profile: profilePath(request.profile),
    count: keepGenerations?.count ?? '',
    days: keepGenerations?.days ?? '',
    before,
    by,
    collect: collectGarbage ? 'yes' : 'no',
  };
  const answer = await runOnMachine(connection, host, shellVariables(variables) + script, {
    signal,
    timeoutSeconds: limitSeconds,
  }).catch((error: unknown) => {
    if (error instanceof FleetError && error.code !== 'cancelled')
      return { stdout: '', stderr: error.message };
    throw error;
  });
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(answer.stdout)?.[1];
  const problem =
    value('failed') ?? value('skipped') ?? (value('end') ? undefined : answer.stderr.trim() || 'cut off');
  if (problem) warn(`${host} runs the new system, but old ones were not all removed: ${problem}`);
  if (value('freed')) status(value('freed') ?? '');
}
