import assert from 'node:assert/strict';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readHardwareFile, writeHardwareFile } from '../../../../../lib/machine/hardware/hardware-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'hardware-file-'));
after(() => rmSync(folder, { recursive: true }));
const place = (file: string) => ({ folder, file });

test('a file is written with its folders, without leftovers', async () => {
  assert.equal(readHardwareFile(place('hosts/web/a.nix')), undefined);
  await writeHardwareFile(place('hosts/web/a.nix'), '{ }\n');
  assert.equal(readHardwareFile(place('hosts/web/a.nix')), '{ }\n');
  assert.deepEqual(readdirSync(join(folder, 'hosts/web')), ['a.nix']);
});

test('permissions and symbolic links are kept', async () => {
  writeFileSync(join(folder, 'real.nix'), 'old', { mode: 0o600 });
  symlinkSync('real.nix', join(folder, 'link.nix'));
  await writeHardwareFile(place('link.nix'), 'new');
  assert.ok(lstatSync(join(folder, 'link.nix')).isSymbolicLink());
  assert.equal(readHardwareFile(place('real.nix')), 'new');
  assert.equal(statSync(join(folder, 'real.nix')).mode & 0o777, 0o600);
});

test('a file that cannot be read or written is reported', async () => {
  mkdirSync(join(folder, 'folder.nix'));
  assert.throws(
    () => readHardwareFile(place('folder.nix')),
    /folder\.nix could not be read \[hardware-failed\]/,
  );
  await assert.rejects(
    writeHardwareFile(place('folder.nix'), ''),
    /could not be written \[hardware-failed\]/,
  );
  await assert.rejects(writeHardwareFile(place('real.nix/a.nix'), ''), /could not be written/);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('.')),
    [],
  );
});
