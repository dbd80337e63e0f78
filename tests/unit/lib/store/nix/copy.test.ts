import assert from 'node:assert/strict';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { FleetError } from '../../../../../lib/base/errors.ts';
import { copyClosure } from '../../../../../lib/store/nix/copy.ts';
import { copyError } from '../../../../../lib/store/nix/copy-error.ts';
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

test('ssh’s own words reach the error, and NIX_SSHOPTS reaches ssh', async (t) => {
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

test('each known cause has its code', () => {
  const codes = {
    'writing file: No space left on device': 'no-room',
    'ssh: connect to host 192.0.2.7 port 22: Connection refused': 'unreachable',
    'root@192.0.2.7: Permission denied (publickey).': 'access-denied',
    'bash: line 1: nix-store: command not found': 'not-nixos',
    "cannot add path '/nix/store/x' because it lacks a signature by a trusted key": 'copy-failed',
    'sudo: a password is required': 'access-denied',
    'something new': 'copy-failed',
  };
  for (const [said, code] of Object.entries(codes)) {
    const error = copyError({
      target: 'ssh://root@192.0.2.7',
      host: 'web',
      said: [said, "cannot connect to '192.0.2.7'"],
    });
    assert.equal(error.code, said === 'something new' ? 'unreachable' : code, said);
  }
  assert.equal(copyError({ target: 'ssh://x', said: ['something new'] }).code, 'copy-failed');
});
