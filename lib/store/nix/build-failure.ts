import { FleetError } from '../../base/errors.ts';
import type { NixLog } from './log-json.ts';
import { storeName } from './nix.ts';

/** A derivation that failed to build itself, not because of a dependency. */
export interface Failure {
  drvPath: string;
  /** Nix's message. */
  message: string;
}

/** Nix repeats a failure for everything that depends on it: "Reason: 1 dependency failed", "1 dependencies of …". */
const dependencyFailed = /\bdependenc(y|ies)( of derivation .*)? failed/;

/** The derivations that failed themselves, from nix's error messages: each once, with its longest message. */
export function failuresOf(errors: readonly string[]): Failure[] {
  const messages = new Map<string, string>();
  for (const message of errors) {
    const drvPath = /\/[^\s'"]+\/[0-9a-z]{32}-[^\s'"^]+\.drv/.exec(message)?.[0];
    if (!drvPath || dependencyFailed.test(message)) continue;
    if (message.length > (messages.get(drvPath)?.length ?? 0)) messages.set(drvPath, message);
  }
  return [...messages].map(([drvPath, message]) => ({ drvPath, message }));
}

/** The error of a requested derivation, from the failures in its build. */
export function describeBuildFailure(
  request: { drvPath: string; host?: string },
  failures: readonly Failure[],
  log: Pick<NixLog, 'buildLog' | 'errors' | 'notes'>,
): FleetError {
  const first = failures[0];
  if (!first) {
    return new FleetError({
      code: outOfRoom.test(log.errors.join('\n')) ? 'no-room' : 'build-failed',
      what: `${storeName(request.drvPath)} did not build`,
      host: request.host,
      why: [...log.errors, ...log.notes].slice(-15).join('\n') || 'nix printed no error message',
      fix: `See the whole build: nix build '${request.drvPath}^out' --no-link -L`,
    });
  }
  const reason = reasonOf(first.message);
  const lines = log.buildLog(first.drvPath);
  const others = failures.slice(1).map((failure) => storeName(failure.drvPath));
  const noRoom = outOfRoom.test([first.message, ...lines].join('\n'));
  return new FleetError({
    code: noRoom ? 'no-room' : 'build-failed',
    what:
      `${storeName(first.drvPath)} did not build` +
      (first.drvPath === request.drvPath ? '' : `, which ${storeName(request.drvPath)} needs`),
    host: request.host,
    why: [
      reason,
      ...(lines.length > 0
        ? [`last ${lines.length} lines of its log:`, ...lines.map((line) => `  ${line}`)]
        : []),
      ...(others.length > 0 ? [`also failed: ${others.join(', ')}`] : []),
    ].join('\n'),
    fix: noRoom
      ? 'Free space on this computer, for example with nix-collect-garbage, and run again.'
      : lines.length > 0
        ? `See the whole log: nix log ${first.drvPath}`
        : `See the whole build: nix build '${first.drvPath}^*' --no-link -L`,
  });
}

const outOfRoom = /no space left on device/i;

/** The reason in nix's message, without the lines that repeat the derivation, its outputs and its log. */
export function reasonOf(message: string): string {
  const reason = /Reason: ([\s\S]*?)(?:\n\s*Output paths:|\n\s*Last \d+ log lines|$)/.exec(message)?.[1];
  const text = reason ?? message.replace(/;?\s*last \d+ log lines:[\s\S]*$/i, '');
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !/^For full logs, run/.test(line))
    .join('\n')
    .replace(/\.$/, '');
}
