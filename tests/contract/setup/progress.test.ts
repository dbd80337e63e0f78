import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Sandbox } from './sandbox.ts';

test('a build reports how many packages of how many it has compiled, and how long the others take', async (t) => {
  const sandbox = await Sandbox.create(t);
  const log = join(sandbox.root, 'log');
  await writeFile(
    log,
    'go: downloading golang.org/x/sys v0.49.0\nfmt\nstrings\nexample.org/a\nexample.org/b\n',
  );
  const far = async (code: string) => (await sandbox.sh(['common'], code)).stdout.trim();
  assert.equal(await far(`run_total=40; how_far '${log}' 20`), '4 of 40 packages, about 4 min left');
  assert.equal(await far(`run_total=4; how_far '${log}' 20`), '4 of 4 packages, about 1 min left');
  for (const unknown of [
    `how_far '${log}' 20`,
    `run_total=3; how_far '${log}' 20`,
    'run_total=3; how_far /none 1',
  ])
    assert.equal(await far(unknown), 'still running');
});

test('Pulumi is built with a count of its packages', async (t) => {
  const sandbox = await Sandbox.create(t);
  await sandbox.program(
    'go',
    `case $* in
     'env GOMODCACHE') echo /modules ;;
     'env GOPROXY') echo off ;;
     *' list -deps ./engine') printf 'go: downloading a v1\\nfmt\\nexample.org/a\\n' ;;
     *' build -v -o '*' ./engine') echo "$run_total" ; [ -z "\${FAILS-}" ] || exit 3 ;;
     *) echo "go was called: $*" >&2; exit 9 ;;
     esac`,
  );
  const code = `go_build 'building it' "$fleet_home/build/it" ./engine; echo "code $? total [$run_total]"`;
  const libraries = ['common', 'version', 'fetch', 'pulumi'];
  const done = await sandbox.sh(libraries, code);
  assert.match(done.stderr, /building it: fetching its modules …\n.*building it …\n/);
  assert.equal(done.stdout, 'code 0 total []\n', done.stderr);
  const failed = await sandbox.sh(libraries, `set +e; ${code}`, { FAILS: '1' });
  assert.equal(failed.stdout, 'code 3 total []\n', failed.stderr);
});
