import type { Connection } from '../../../schema/connection.ts';
import { FleetError } from '../../base/errors.ts';
import { until } from '../../base/until.ts';
import { type ActivationResult, parseResult } from '../record/result.ts';
import { shellHereDocument, shellVariables } from '../ssh/quote.ts';
import { runOnMachine } from '../ssh/run.ts';
import type { Parameters } from './start-script.ts';

/**
 * Waits until a machine's lock is held for this deployment. Returns the result where it was refused instead: by
 * `switch-to-configuration check`, or as another deployment was quicker.
 */
export async function untilHeld(
  connection: Connection,
  { host, unit, activationSeconds }: Parameters,
): Promise<ActivationResult | undefined> {
  const script = `${paths(unit)}
until [ -e "$result" ] || [ "$(cat "$directory/phase" 2>/dev/null)" = holding ]; do sleep 0.1; done
${printResult}`;
  const timeoutSeconds = activationSeconds + 30;
  const { stdout } = await runOnMachine(connection, host, script, { timeoutSeconds });
  return resultIn(stdout);
}

/**
 * Says how the switch ended, and returns the result as the machine recorded it. A machine that cannot be reached is tried again
 * for as long as a confirmation may take: its network may be restarting.
 * @throws FleetError unreachable, command-failed
 */
export async function endHold(
  connection: Connection,
  { host, unit, confirmSeconds }: Parameters,
  { outcome, exitCode, log }: Pick<ActivationResult, 'outcome' | 'exitCode'> & { log: string },
): Promise<ActivationResult> {
  const script = `${paths(unit)}
${shellHereDocument('cat >>"$directory/log"', log)}
echo '${outcome} ${exitCode}' >"$directory/done.part" && mv "$directory/done.part" "$directory/done"
until [ -e "$result" ]; do sleep 0.1; done
${printResult}`;
  let unreachable: unknown;
  const record = async () => {
    try {
      const { stdout, stderr } = await runOnMachine(connection, host, script, { fresh: true });
      const result = resultIn(stdout);
      if (result) return result;
      throw new FleetError({
        code: 'command-failed',
        what: 'how the switch ended could not be recorded on the machine',
        host,
        why: stderr.trim() || stdout.trim(),
        fix: `nixos-rebuild ended with ${exitCode ?? 'no exit code'}. \`pulumi refresh\` tells what the machine runs.`,
      });
    } catch (error) {
      if (!(error instanceof FleetError) || error.code !== 'unreachable') throw error;
      unreachable = error;
      return undefined;
    }
  };
  const result = await until(record, { limitSeconds: confirmSeconds, intervalSeconds: 0.5 });
  if (result) return result;
  throw unreachable;
}

const paths = (unit: string) => `${shellVariables({ unit })}
directory=/run/nixos-fleet/units/$unit
result=/var/lib/nixos-fleet/results/$unit.json`;

const printResult = `[ ! -e "$result" ] || echo "result=$(base64 <"$result" | tr -d '\\n')"\n`;

function resultIn(stdout: string): ActivationResult | undefined {
  const encoded = /^result=(.*)$/m.exec(stdout)?.[1];
  return encoded === undefined ? undefined : parseResult(Buffer.from(encoded, 'base64').toString('utf8'));
}
