import type { Builders } from '../../../schema/builder.ts';
import type { NixSettings } from '../nix/settings.ts';
import { machineLine } from './machine-line.ts';

/**
 * Nix's settings for a build that may use builders: those of the computer's own nix.conf stay. What a builder builds natively is
 * never emulated here, not even while that builder is busy. Pure but for `~` in key files.
 */
export function buildSettings(builders: Builders, computer: NixSettings): Record<string, string> {
  const declared = Object.values(builders);
  if (declared.length === 0) return {};
  const native = new Set(declared.flatMap(({ systems }) => systems));
  const own = computer.builders.trim();
  return {
    builders: [...(own ? [own] : []), ...declared.map(machineLine)].join('\n'),
    'builders-use-substitutes': 'true',
    'extra-platforms': computer.extraPlatforms.filter((system) => !native.has(system)).join(' '),
  };
}
