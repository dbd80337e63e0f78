import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { FleetError } from '../../../../../lib/base/errors.ts';
import { readHardware } from '../../../../../lib/machine/hardware/read-hardware.ts';
import { machineAt } from '../../../../../lib/machine/ssh/machine-at.ts';
import { connection } from '../../../../../schema/connection.ts';

const folder = mkdtempSync(join(tmpdir(), 'read-hardware-'));
after(() => rmSync(folder, { recursive: true }));

/** This computer: commands run as root or with passwordless sudo. */
const local = machineAt('web', connection.parse({ local: true }));
const isRoot = process.getuid?.() === 0;

/** A fake generator. */
function program(name: string, script: string): string[] {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return [path, 'with blanks', "and 'quotes'"];
}
const detect = (
  command: string[],
  generator: 'nixos-generate-config' | 'nixos-facter' = 'nixos-generate-config',
) => readHardware(local, { generator, fileSystems: false, command });
const fails = (why: RegExp) => (error: FleetError) => {
  assert.equal(error.code, 'hardware-failed');
  assert.match(error.message, why);
  return true;
};

test('the program’s output is returned as it is, without its stderr', {
  skip: !isRoot,
}, async () => {
  const command = program('good', 'echo warning >&2; cat; printf "# %s\\n{ }" "$*"');
  assert.equal(await detect(command), "# with blanks and 'quotes'\n{ }\n");
});

test('a program that is missing, fails or prints something else is reported', { skip: !isRoot }, async () => {
  await assert.rejects(
    detect(['no-such-generator']),
    fails(/no-such-generator is not on the machine\n.*hardwareConfig\.command/),
  );
  await assert.rejects(
    readHardware(local, { generator: 'nixos-facter', fileSystems: false }),
    fails(/nixos-facter is not on the machine\n[\s\S]*nixpkgs#nixos-facter/),
  );
  await assert.rejects(detect(program('bad', 'echo no luck >&2; exit 3')), fails(/no luck/));
  await assert.rejects(detect(program('empty', ':')), fails(/not a NixOS module/));
  await assert.rejects(detect(program('text', 'echo hello'), 'nixos-facter'), fails(/not JSON/));
});
