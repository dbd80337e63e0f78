import { readFileSync, statSync } from 'node:fs';
import type { EvaluatedImage } from '../../schema/evaluation.ts';
import { presentable } from '../base/presentable.ts';
import { condense } from './condense.ts';
import { condenseKernel } from './condense-kernel.ts';
import { DerivationTexts, type NamedText } from './derivation-text.ts';
import type { RawFleet } from './evaluate-targets.ts';
import type { CachedHost } from './facts-cache.ts';
import type { RawImage, RawSystem } from './raw-facts.ts';

const maxFileBytes = 64 * 1024;

/** Condenses the facts of all hosts without failed assertions. `texts`: hash in the facts to the text that it replaces. */
export async function condenseFleet(
  fleet: RawFleet,
): Promise<{ hosts: Map<string, CachedHost>; texts: Map<string, string> }> {
  const texts = new Map<string, string>();
  const reader = new DerivationTexts();
  const derivations = new Map<string, NamedText[]>();
  const named = new Set(
    [...fleet.facts.values()].flatMap((raw) => (raw.toplevel ? textDerivations(raw) : [])),
  );
  await Promise.all(
    [...named].map(async (drvPath) => {
      derivations.set(drvPath, await reader.texts(drvPath));
    }),
  );
  const kernels = new Map([...fleet.kernels].map(([drvPath, kernel]) => [drvPath, condenseKernel(kernel)]));
  const hosts = new Map<string, CachedHost>();
  for (const [name, raw] of fleet.facts) {
    if (!raw.toplevel) continue;
    hosts.set(name, {
      drvPath: raw.toplevel.drvPath,
      outPath: raw.toplevel.out,
      revision: raw.revision,
      warnings: [...raw.warnings.map(presentable), ...unreadWarning(raw)],
      kernel: raw.kernel.drvPath === undefined ? undefined : kernels.get(raw.kernel.drvPath),
      kernelNeeds: raw.kernelNeeds ?? undefined,
      ...(raw.image ? { image: imageOf(raw.image) } : {}),
      facts: condense(raw, {
        derivationTexts: (drvPath) => derivations.get(drvPath) ?? [],
        fileText,
        keepText: (hash, text) => texts.set(hash, text),
      }),
    });
  }
  return { hosts, texts };
}

/** Never silent: a preview shows nothing of these parts, and the lockout guard cannot judge them. */
function unreadWarning({ unread }: RawSystem): string[] {
  if (unread.length === 0) return [];
  return [
    `nixos-fleet cannot read these facts of the system, because options that they need throw: ${unread.join(', ')}. Previews do not show them, and checks do not cover them`,
  ];
}

function imageOf({ drvPath, out, name, file, diskSizeMiB }: RawImage): EvaluatedImage {
  return { drvPath, outPath: out, name, file, ...(diskSizeMiB === null ? {} : { diskSizeMiB }) };
}

function textDerivations(raw: RawSystem): string[] {
  const entries = [...Object.values(raw.units), ...Object.values(raw.userUnits), ...Object.values(raw.etc)];
  return entries.flatMap((entry) => entry.texts ?? []);
}

/** Content of a small text file; undefined for any other file. */
function fileText(path: string): string | undefined {
  try {
    const { size } = statSync(path);
    if (size > maxFileBytes) return undefined;
    const text = readFileSync(path, 'utf8');
    return text.includes('\0') || text.includes('\ufffd') ? undefined : text;
  } catch {
    return undefined;
  }
}
