import type { Builder, Builders } from '../../../schema/builder.ts';
import { askStore, type StoreAnswer } from '../nix/ask-store.ts';
import { nixSshEnvironment } from '../nix-environment.ts';
import { builderStore } from './machine-line.ts';

/** Seconds within which a builder has to take a connection, and to say that it is a Nix. */
export const limits = { connectSeconds: 5, answerSeconds: 15 };

/**
 * Why a builder cannot be used now, in words that a warning takes; undefined where it can. It is asked as Nix will ask it: over
 * ssh, with its host key and as its user.
 */
async function whyNotUsable(builder: Builder, signal?: AbortSignal): Promise<string | undefined> {
  const answer = await askStore(builderStore(builder), {
    timeoutSeconds: limits.answerSeconds,
    env: nixSshEnvironment(limits.connectSeconds),
    signal,
  });
  return notUsable(answer, builder.user);
}

/** What of a builder's answer keeps it from building for `user`. Pure. */
export function notUsable(answer: StoreAnswer | { silent: string }, user: string): string | undefined {
  if ('silent' in answer) return answer.silent;
  if (answer.trusted !== false) return undefined;
  return `its Nix does not trust ${user}: add the user to nix.settings.trusted-users there`;
}

/** Asks all builders at once. */
export async function askBuilders(
  builders: Builders,
  signal?: AbortSignal,
): Promise<{ usable: Builders; left: Record<string, string> }> {
  const asked = await Promise.all(
    Object.entries(builders).map(
      async ([name, builder]) => [name, builder, await whyNotUsable(builder, signal)] as const,
    ),
  );
  return {
    usable: Object.fromEntries(asked.filter(([, , why]) => why === undefined)),
    left: Object.fromEntries(asked.flatMap(([name, , why]) => (why === undefined ? [] : [[name, why]]))),
  };
}
