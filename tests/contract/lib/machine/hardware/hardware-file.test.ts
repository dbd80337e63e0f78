import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { run } from '../../../../../lib/base/process/run.ts';
import { untrackedNote, writeHardwareFile } from '../../../../../lib/machine/hardware/hardware-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'hardware-file-'));
after(() => rmSync(folder, { recursive: true }));
const place = (file: string) => ({ folder, file });

test('a file that git does not track is reported with the command', async () => {
  await writeHardwareFile(place('hosts/web/a.nix'), '{ }\n');
  assert.equal(await untrackedNote(place('hosts/web/a.nix')), undefined, 'no repository');
  const git = (...args: string[]) => run('git', ['-C', folder, ...args], { timeoutSeconds: 30 });
  await git('init', '-q');
  assert.match((await untrackedNote(place('hosts/web/a.nix'))) ?? '', /git add -N hosts\/web\/a\.nix$/);
  await git('add', '-N', 'hosts/web/a.nix');
  assert.equal(await untrackedNote(place('hosts/web/a.nix')), undefined);
});
