import assert from 'node:assert/strict';
import { access, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../../../lib/base/until.ts';
import { checkout } from './checkout.ts';
import { pulumiVersion } from './sandbox.ts';

test('the second run only runs the command', async (t) => {
  const { sandbox, script } = await checkout(t);
  const first = await sandbox.run(script('with'), ['sh', '-c', 'echo "$1"; exit 7', 'sh', 'a  b']);
  assert.equal(first.code, 7, first.stderr);
  assert.equal(first.stdout, 'a  b\n');
  assert.match(first.stderr, /node: v24\.9\.0 is on the PATH/);
  const second = await sandbox.run(script('with'), ['true']);
  assert.deepEqual(second, { code: 0, stdout: '', stderr: '' });
});

test('a changed tool on the PATH is checked again', async (t) => {
  const { sandbox, script } = await checkout(t);
  await sandbox.run(script('with'), ['true']);
  await sandbox.program('nix', 'echo "nix (Nix) 2.31.0 # longer"');
  const again = await sandbox.run(script('with'), ['true']);
  assert.match(again.stderr, /nix \(Nix\) 2\.31\.0/);
});

test('packages that do not match package-lock.json are installed by npm ci', async (t) => {
  const { sandbox, script } = await checkout(t);
  const lock = join(sandbox.root, 'checkout/package-lock.json');
  await sandbox.run(script('with'), ['true']);
  // Touched, but with the same content: nothing to do.
  await utimes(lock, new Date(), new Date(Date.now() + 60_000));
  const touched = await sandbox.run(script('with'), ['true']);
  assert.equal(touched.code, 0, touched.stderr);
  assert.doesNotMatch(touched.stderr, /npm was asked/);
  await writeFile(
    lock,
    JSON.stringify({ packages: { 'node_modules/a': { version: '1.0.1', integrity: 'sha512-b' } } }),
  );
  const changed = await sandbox.run(script('with'), ['true']);
  assert.equal(changed.code, 1);
  assert.match(changed.stderr, /npm was asked: --prefix \S+ ci/);
  assert.match(changed.stderr, /fix: {2}run 'npm ci' in/);
});

test('a variable set by the user is not overridden', async (t) => {
  const { sandbox, script } = await checkout(t);
  const cached = join(sandbox.cache, `pulumi-${pulumiVersion}`);
  await sandbox.program('pulumi', 'echo v3.100.0');
  await sandbox.program('pulumi', `echo v${pulumiVersion}`, join(cached, 'bin'));
  await sandbox.program('pulumi-language-nodejs', '', join(cached, 'bin'));
  await writeFile(join(cached, 'from'), 'go\n');
  const print = [
    'sh',
    '-c',
    'pulumi; echo "$PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION $PULUMI_SKIP_UPDATE_CHECK"',
  ];
  const own = await sandbox.run(script('with'), print);
  assert.equal(own.stdout, `v${pulumiVersion}\ntrue true\n`, own.stderr);
  const users = await sandbox.run(script('with'), print, { PULUMI_SKIP_UPDATE_CHECK: 'false' });
  assert.equal(users.stdout, `v${pulumiVersion}\ntrue false\n`);
});

test('an interrupt leaves no partial tool and no process, and the next run continues', async (t) => {
  const { sandbox, script } = await checkout(t);
  await sandbox.program('node', 'echo v20.20.2');
  const started = join(sandbox.root, 'started');
  // Blocks until it is ended: nobody writes to this pipe.
  await sandbox.program(
    'npm',
    `mkfifo '${started}.pipe'; echo $$ > '${started}'; read -r line < '${started}.pipe'`,
  );
  const run = sandbox.start(script('with'), ['true'], { PATH: `${sandbox.bin}:/usr/bin:/bin` });
  await run.says('node: npm package');
  const pid = await until(async () => (await sandbox.run('cat', [started])).stdout.trim() || undefined, {
    limitSeconds: 10,
  });
  assert.ok(pid, 'npm was started');
  run.child.kill('SIGTERM');
  const result = await run.result;
  assert.equal(result.code, 143, result.stderr);
  assert.match(result.stderr, /run the same command again to continue/);
  assert.deepEqual(await readdir(join(sandbox.cache, 'tmp')), []);
  await assert.rejects(access(join(sandbox.cache, 'node-24.21.0')));
  const gone = async () => (await sandbox.run('kill', ['-0', pid])).code !== 0;
  assert.ok(await until(gone, { limitSeconds: 10 }), 'npm was ended');

  await sandbox.program(
    'npm',
    `for last; do :; done; mkdir -p package/bin; printf '#!/bin/sh\\n[ "$1" = --version ] && echo v24.21.0 || exec "${process.execPath}" "$@"\\n' > package/bin/node
     chmod 755 package/bin/node; tar -czf "$4/node.tgz" package`,
  );
  const again = await sandbox.run(script('with'), ['node', '--version']);
  assert.equal(again.code, 0, again.stderr);
  assert.equal(again.stdout, 'v24.21.0\n');
});

test('of two concurrent runs the second waits, and both succeed', async (t) => {
  const { sandbox, script } = await checkout(t);
  const open = join(sandbox.root, 'open');
  await sandbox.program('pulumi', `until [ -e '${open}' ]; do sleep 0.05; done; echo v3.210.0`);
  await sandbox.program('sh-with', `exec '${script('with')}' echo done`);
  const first = sandbox.start('sh-with', []);
  await first.says('nix (Nix)');
  const second = sandbox.start('sh-with', []);
  await second.says('another set-up is running');
  await writeFile(open, '');
  for (const result of [await first.result, await second.result]) {
    assert.equal(result.code, 0, result.stderr);
    assert.equal(result.stdout, 'done\n');
  }
});
