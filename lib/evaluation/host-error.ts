import { dirname } from 'node:path';
import { FleetError } from '../base/errors.ts';
import type { ProcessError } from '../base/process/process-error.ts';
import { shellCommand } from '../base/quote.ts';
import { closest } from '../base/text.ts';
import type { LockedFlake } from '../store/nix/flake.ts';
import {
  fetchFix,
  isFetchError,
  isSyntaxError,
  moduleArgumentOfError,
  optionOfError,
  parseNixError,
  withLocalPaths,
  withoutSource,
} from '../store/nix/nix-error.ts';
import type { Missing } from './raw-facts.ts';
import { builtAttribute, type Target } from './target.ts';

/** The error of a target that Nix could not evaluate, from nix's stderr. */
export function evaluationError(
  name: string,
  target: Target,
  flake: LockedFlake,
  stderr: string,
): FleetError {
  const local = (text: string) => withLocalPaths(text, flake.storePath, flake.localPath);
  const message = local(parseNixError(stderr));
  const option = optionOfError(stderr);
  const installable = `${flake.flakeRef}#${outputOf(target.configuration, builtAttribute(target))}.drvPath`;
  const trace = `For the full trace: nix eval --show-trace ${shellCommand([installable, ...flake.overrides])}`;
  const host = target.label ?? name;
  if (isSyntaxError(message)) {
    const [, file, line] = /^\s*at (.+?):(\d+):\d+:?$/m.exec(message) ?? [];
    return new FleetError({
      code: 'flake-invalid',
      what: 'a file of the flake is not valid Nix',
      host,
      why: message,
      fix: file ? `Fix line ${line} of ${file}.` : trace,
    });
  }
  const place = option ? [local(option)] : [];
  if (isFetchError(message)) {
    const isInput = stderr.includes('while fetching the input');
    return new FleetError({
      code: isInput ? 'flake-invalid' : 'evaluation-failed',
      what: isInput
        ? 'an input of the flake cannot be fetched'
        : 'what the configuration fetches cannot be fetched',
      host,
      why: [message, ...place].join('\n'),
      fix: fetchFix,
    });
  }
  const argument = message.startsWith('infinite recursion') ? moduleArgumentOfError(stderr) : undefined;
  if (argument)
    place.push(`while evaluating the module argument '${argument.argument}' in ${local(argument.file)}`);
  return new FleetError({
    code: 'evaluation-failed',
    what: 'the configuration cannot be evaluated',
    host,
    why: [message, ...place].join('\n'),
    fix: [...adviceOn(message, argument?.argument), trace].join('\n'),
  });
}

/** @param argument the argument of a module that an infinite recursion names */
function adviceOn(message: string, argument: string | undefined): string[] {
  // Where nixpkgs looks for an argument that nobody passes.
  const missing = /^attribute '(.+?)' missing\nat \S+\/lib\/modules\.nix:/.exec(message)?.[1];
  if (missing !== undefined)
    return [
      `If '${missing}' is an argument of a module, pass it to nixosSystem: specialArgs = { inherit ${missing}; };`,
    ];
  if (argument === 'config')
    return ['What a module imports cannot depend on config: import always, and use mkEnableOption and mkIf.'];
  if (argument !== undefined)
    return [`If imports use '${argument}', pass it to nixosSystem: specialArgs = { inherit ${argument}; };`];
  return /attribute '(rev|shortRev|revCount)' missing/.test(withoutSource(message)) ? [dirtyFix] : [];
}

/** The error of a target whose evaluator was killed. */
export function killedError(
  name: string,
  { label }: Target,
  { reason, ending }: ProcessError,
  stderr: string,
): FleetError {
  const cause = reason === 'signal' ? ', probably because the computer ran out of memory' : '';
  // Nix's own messages and, where it ran out of memory, a trace of its functions.
  const last = stderr.trimEnd().split('\n').slice(-3);
  return new FleetError({
    code: 'evaluation-failed',
    what: 'the evaluation did not end',
    host: label ?? name,
    why: [`Nix ${ending}${cause}`, ...last].filter(Boolean).join('\n'),
    fix: 'Give it more memory, or look for an expression that needs much of it. With evaluationMemoryMiB, fewer machines are evaluated at a time.',
  });
}

const dirtyFix =
  'A tree with uncommitted changes has no revision: commit them, or write self.rev or self.dirtyRev or null.';

/** The error of a target that is something else than a NixOS system. */
export function foreignError(
  name: string,
  { configuration, label }: Target,
  attributes: readonly string[],
): FleetError {
  return new FleetError({
    code: 'flake-invalid',
    what: `nixosConfigurations.${configuration} is not a NixOS system`,
    host: label ?? name,
    why:
      attributes.length > 0
        ? `it has no config, but: ${attributes.slice(0, 10).join(', ')}`
        : 'it is no attribute set with config',
    fix: 'Make it by nixpkgs.lib.nixosSystem { modules = [ … ]; }.',
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
    fix: configuration.startsWith('nixosConfigurations.')
      ? `Leave out 'nixosConfigurations.' in the configuration of ${host}.`
      : (near ? `Did you mean '${near}'? Set it as the configuration of ${host}, or add ` : 'Add ') +
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
