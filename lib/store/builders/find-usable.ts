import type { Builder, Builders } from '../../../schema/builder.ts';
import { omit } from '../../base/pick.ts';
import { type StoreInfo, storeInfo } from '../nix/store-info.ts';
import { nixSshEnvironment } from '../nix-environment.ts';
import { builderStore } from './machine-line.ts';

/** Seconds within which a builder must accept a connection, and answer `nix store info`. */
export const limits = { connectSeconds: 5, answerSeconds: 15 };

/** Connects to a builder as a build will. Returns why it cannot be used, or undefined. */
async function checkBuilder(builder: Builder, signal?: AbortSignal): Promise<string | undefined> {
  const info = await storeInfo(builderStore(builder), {
    timeoutSeconds: limits.answerSeconds,
    env: nixSshEnvironment(limits.connectSeconds),
    signal,
  });
  return whyUnusable(info, builder.user);
}

/** Why a builder with this store cannot build for `user`; undefined if it can. */
export function whyUnusable(info: StoreInfo | { problem: string }, user: string): string | undefined {
  if ('problem' in info) return info.problem;
  if (info.trusted !== false) return undefined;
  return `its Nix does not trust ${user}: add the user to nix.settings.trusted-users there`;
}

/** Checks all builders at the same time. `unusable` gives the reason for each builder that cannot be used. */
export async function findUsable(
  builders: Builders,
  signal?: AbortSignal,
): Promise<{ usable: Builders; unusable: Record<string, string> }> {
  const names = Object.keys(builders);
  const problems = await Promise.all(Object.values(builders).map((builder) => checkBuilder(builder, signal)));
  const unusable = Object.fromEntries(
    names.flatMap((name, index) => (problems[index] === undefined ? [] : [[name, problems[index]]])),
  );
  return { usable: omit(builders, Object.keys(unusable)), unusable };
}
