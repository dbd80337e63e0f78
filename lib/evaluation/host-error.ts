import { dirname } from 'node:path';
import { FleetError } from '../base/errors.ts';
import { shellCommand } from '../base/quote.ts';
import { closest } from '../base/text.ts';
import type { LockedFlake } from '../store/nix/flake.ts';
import { isSyntaxError, parseNixError, withLocalPaths } from '../store/nix/nix-error.ts';
import type { Missing } from './raw-facts.ts';
import { builtAttribute, type Target } from './target.ts';

/** The error of a target that Nix could not evaluate, from nix's stderr. */
export function evaluationError(
  name: string,
  target: Target,
  flake: LockedFlake,
  stderr: string,
): FleetError {
  const why = withLocalPaths(parseNixError(stderr), flake.storePath, flake.localPath);
  const syntax = isSyntaxError(why);
  const [, file, line] = (syntax && /^\s*at (.+?):(\d+):\d+:?$/m.exec(why)) || [];
  const installable = `${flake.flakeRef}#${outputOf(target.configuration, builtAttribute(target))}.drvPath`;
  return new FleetError({
    code: syntax ? 'flake-invalid' : 'evaluation-failed',
    what: syntax ? 'a file of the flake is not valid Nix' : 'the configuration cannot be evaluated',
    host: target.label ?? name,
    why,
    fix: file
      ? `Fix line ${line} of ${file}.`
      : `For the full trace: nix eval --show-trace ${shellCommand([installable, ...flake.overrides])}`,
  });
}

/** The error of a host whose attribute is not in the flake. */
function missingHostError(
  host: string,
  configuration: string,
  flake: LockedFlake,
  available: readonly string[],
): FleetError {
  const near = closest(configuration, available);
  return new FleetError({
    code: 'flake-invalid',
    what: `the flake has no nixosConfigurations.${configuration}`,
    host,
    why: available.length > 0 ? `it has: ${available.join(', ')}` : 'its nixosConfigurations is empty',
    fix:
      (near ? `Did you mean '${near}'? Set it as the configuration of ${host}, or add ` : 'Add ') +
      `nixosConfigurations.${configuration} to ${flake.lockPath ? dirname(flake.lockPath) : flake.flakeRef}.`,
  });
}

/** The error of a target that is not in the flake. */
export function missingError(
  name: string,
  target: Target,
  flake: LockedFlake,
  { missing, at }: Missing,
): FleetError {
  const { configuration, image, label: host = name } = target;
  if (!at) return missingHostError(host, configuration, flake, missing);
  const wanted = builtAttribute(target)[at.length] ?? '';
  const advice = image
    ? "Set the image's 'variant' or 'attribute' in the stack's config."
    : 'Import the module that defines it into this configuration.';
  const near = closest(wanted, missing);
  const place = outputOf(configuration, at);
  return new FleetError({
    code: 'flake-invalid',
    what: `the flake has no ${place}.${wanted}`,
    host,
    why: missing.length > 0 ? `there are: ${missing.join(', ')}` : `${place} is empty`,
    fix: `${near ? `Did you mean '${near}'? ` : ''}${advice}`,
  });
}

/** The error of a host whose configuration has failed assertions. */
export function assertionError(host: string, failed: readonly string[]): FleetError {
  return new FleetError({
    code: 'assertion-failed',
    what: failed.length === 1 ? 'an assertion fails' : `${failed.length} assertions fail`,
    host,
    why: failed.length === 1 ? failed[0] : failed.map((message) => `- ${message}`).join('\n'),
    fix: failed.some((message) => message.includes('EFI boot stub'))
      ? 'If its configuration has CONFIG_EFI_STUB=y, declare it in the kernel’s package: linuxManualConfig { features.efiBootStub = true; … }. See docs/kernels.md.'
      : "Change the machine's configuration accordingly.",
  });
}

function outputOf(configuration: string, attribute: readonly string[]): string {
  const name = /^[A-Za-z_][\w'-]*$/.test(configuration) ? configuration : `"${configuration}"`;
  return ['nixosConfigurations', name, 'config', ...attribute].join('.');
}
