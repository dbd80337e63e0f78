import assert from 'node:assert/strict';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { FleetError } from '../../../../../lib/base/errors.ts';
import { copyClosure } from '../../../../../lib/store/nix/copy.ts';
import { nix } from '../../../../../lib/store/nix/nix.ts';
import { ownFolder } from '../../../../fixtures/flakes/copy.ts';

test('a closure is copied whole, with progress', async () => {
  const folder = await ownFolder();
  const expression = 'let a = builtins.toFile "a" "one"; in builtins.toFile "b" ("refers to " + a)';
  const { stdout } = await nix(['eval', '--raw', '--expr', expression], { timeoutSeconds: 60 });
  const path = stdout.trim();
  const progress: string[] = [];
  const target = `file://${folder}/cache`;
  await copyClosure({ paths: [path], target, onProgress: (message) => progress.push(message) });
  const { exitCode } = await nix(['path-info', '--store', target, '-r', path], { timeoutSeconds: 60 });
  assert.equal(exitCode, 0);
  assert.match(progress.at(-1) ?? '', /^copying 2\/2 paths/);
});

test('ssh’s message decides the error code, and ssh gets NIX_SSHOPTS', async (t) => {
  const folder = await ownFolder();
  await mkdir(join(folder, 'bin'));
  const ssh = `#!/bin/sh\necho "$*" > ${folder}/arguments\necho 'Host key verification failed.' >&2\nexit 255\n`;
  await writeFile(join(folder, 'bin/ssh'), ssh, { mode: 0o755 });
  const path = process.env.PATH;
  t.after(() => {
    process.env.PATH = path;
  });
  process.env.PATH = `${folder}/bin:${path}`;
  const { stdout } = await nix(['eval', '--raw', '--expr', 'builtins.toFile "a" "one"'], {
    timeoutSeconds: 60,
  });
  const request = {
    paths: [stdout.trim()],
    target: 'ssh://root@192.0.2.7',
    sshOpts: '-o BatchMode=yes',
    host: 'web',
  };
  await assert.rejects(copyClosure(request), (error) => {
    assert.ok(error instanceof FleetError);
    assert.equal(error.code, 'host-key');
    assert.equal(error.host, 'web');
    return true;
  });
  await access(join(folder, 'arguments'));
});

test('a copy that makes no progress ends (fault 56)', async (t) => {
  const folder = await ownFolder();
  await mkdir(join(folder, 'bin'));
  // A login shell that swallows Nix's greeting: neither side says more.
  await writeFile(
    join(folder, 'bin/ssh'),
    '#!/bin/sh\ncase $* in *"-O check"*) exit 255 ;; esac\necho started\ncat >/dev/null\n',
    {
      mode: 0o755,
    },
  );
  const path = process.env.PATH;
  t.after(() => {
    process.env.PATH = path;
  });
  process.env.PATH = `${folder}/bin:${path}`;
  const expression = 'builtins.toFile "a" "stalled"';
  const { stdout } = await nix(['eval', '--raw', '--expr', expression], { timeoutSeconds: 60 });
  const request = { paths: [stdout.trim()], target: 'ssh-ng://root@192.0.2.7', host: 'web', stallSeconds: 2 };
  await assert.rejects(copyClosure(request), {
    code: 'copy-failed',
    host: 'web',
    message: /made no progress/,
  });
});
