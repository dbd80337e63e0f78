import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FleetError } from '../../base/errors.ts';
import { fetchFix, isFetchError, parseNixError, withLocalPaths, withoutSource } from './nix-error.ts';

/** What a flake was read from. */
export interface FlakeSource {
  /** The reference as it was given, what it is relative to, and the absolute one. */
  flake: string;
  baseDirectory: string;
  flakeRef: string;
  /** The flake's folder on this computer, if it is there. */
  folder: string | undefined;
  /** Folders of replaced inputs. */
  replaced: readonly { input: string; path: string }[];
}

/** The error of a flake that cannot be read, from nix's messages. */
export function flakeError(source: FlakeSource, stderr: string): FleetError {
  const { flake, folder } = source;
  const message = parseNixError(stderr);
  const why = withLocalPaths(message, folder && ownCopy(message, folder), folder);
  return new FleetError({
    code: 'flake-invalid',
    what: isFetchError(why)
      ? `the flake '${flake}' or an input of it cannot be fetched`
      : `cannot read the flake '${flake}'`,
    why,
    fix: fixFor(withoutSource(why), source),
  });
}

/**
 * The copy of a flake in the store that a message names. Its inputs have such copies, too: it is the flake's own if the lines of source
 * that the message shows are those of the flake's file, or a file that is missing there is missing in the flake.
 */
function ownCopy(message: string, folder: string): string | undefined {
  const [, copy, path = ''] = /(\/nix\/store\/[0-9a-z]{32}-source)\/([^\s:'"»]*)/.exec(message) ?? [];
  if (copy === undefined) return undefined;
  const file = join(folder, path);
  const shown = [...message.matchAll(/^ *(\d+)\|(?: (.*))?$/gm)];
  const lines = existsSync(file) && shown.length > 0 ? readFileSync(file, 'utf8').split(/\r?\n/) : undefined;
  const isOwn = lines
    ? shown.every(([, number, text = '']) => lines[Number(number) - 1] === text)
    : !existsSync(file);
  return isOwn ? copy : undefined;
}

function fixFor(why: string, { flake, baseDirectory, flakeRef, folder, replaced }: FlakeSource): string {
  if (isFetchError(why)) return fetchFix;
  const wrong = replaced.find(({ path }) => why.includes(path));
  if (wrong) return `Check what replaces the input '${wrong.input}' (overrideInputs): ${wrong.path}`;
  if (/does not exist in (the )?Git repository|not tracked by Git/i.test(why)) {
    return 'Nix reads only files that Git tracks. Add them: git add FILE';
  }
  const given = resolve(baseDirectory, flake);
  if (/cannot find flake 'flake:/.test(why) && existsSync(given)) return `Write ./${flake}`;
  if (/[#?]/.test(flake) && existsSync(given))
    return `Write it as path:${given.split('/').map(encodeURIComponent).join('/')}`;
  if (
    /does not exist|no such file|does not contain a '?[^']*flake\.nix'?|could not find a flake\.nix/i.test(
      why,
    )
  ) {
    return folder !== undefined && existsSync(join(folder, 'flake.nix'))
      ? 'Check the paths of inputs in flake.nix and flake.lock.'
      : 'Set the config key nixos-fleet:flake to the folder that holds flake.nix.';
  }
  if (/not owned by current user|dubious ownership/i.test(why)) {
    return 'Run as the owner of the checkout, or: git config --global --add safe.directory PATH';
  }
  return `Fix the flake, and check it with: nix flake metadata '${flakeRef}'`;
}
