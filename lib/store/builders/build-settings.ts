import type { Builders } from '../../../schema/builder.ts';
import type { NixSettings } from '../nix/settings.ts';
import { machineLine } from './machine-line.ts';

/**
 * Nix settings for a build that may use the declared builders, beside those of the computer's nix.conf. A system that a builder
 * offers natively is never emulated here, not even while that builder is busy.
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
