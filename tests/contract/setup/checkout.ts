import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Sandbox, setup } from './sandbox.ts';

/** A temporary checkout with the scripts, and fakes of all tools on PATH. */
export async function checkout(
  t: TestContext,
): Promise<{ sandbox: Sandbox; script: (name: string) => string }> {
  const sandbox = await Sandbox.create(t);
  const copy = join(sandbox.root, 'checkout/setup');
  await cp(setup, copy, { recursive: true, filter: (source) => !source.includes('/setup/lab') });
  // The one file outside setup/ that it imports.
  const table = 'lib/base/table.ts';
  await cp(join(setup, '..', table), join(sandbox.root, 'checkout', table));
  // By its config the demo knows a clone.
  await writeFile(join(sandbox.root, 'checkout/Pulumi.dev.yaml'), '');
  await mkdir(join(sandbox.root, 'checkout/node_modules'));
  const lock = JSON.stringify({
    packages: { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' } },
  });
  await writeFile(join(sandbox.root, 'checkout/package-lock.json'), lock);
  await writeFile(join(sandbox.root, 'checkout/node_modules/.package-lock.json'), lock);
  await sandbox.program('node', `[ "$1" = --version ] && echo v24.9.0 || exec '${process.execPath}' "$@"`);
  await sandbox.program('pulumi', 'echo v3.210.0');
  await sandbox.program('pulumi-language-nodejs', '');
  await sandbox.program('nix', 'echo "nix (Nix) 2.28.3"');
  await sandbox.program('npm', 'echo "npm was asked: $*" >&2; exit 1');
  return { sandbox, script: (name) => join(copy, name) };
}
