/** Writing, reading and removing many secrets by a shell, on a machine of files. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  readSecrets,
  removeSecrets,
  writeSecrets,
} from '../../../../../lib/machine/secrets/secrets-files.ts';
import type { Machine } from '../../../../../lib/machine/ssh/machine.ts';
import { secretFile } from '../../../../../schema/secret.ts';
import { BootMachine, cannotRun } from '../boot/boot-machine.ts';

const skip = { skip: process.getuid?.() === 0 ? cannotRun : 'needs root' };
const machines: BootMachine[] = [];
after(() => {
  for (const machine of machines) machine.remove();
});

/** Scripts that it runs are in `sent`. */
function machineOf(): { machine: Machine; files: BootMachine; sent: string[] } {
  const files = new BootMachine('none');
  machines.push(files);
  files.write('etc/passwd', 'root:x:0:0::/:/bin/sh\n');
  files.write('etc/group', 'root:x:0:\n');
  const sent: string[] = [];
  const machine = {
    name: 'one',
    run: (script: string) => {
      sent.push(script);
      const { status, stdout, stderr } = files.run(script);
      return Promise.resolve({ stdout, stderr, exitCode: status ?? -1 });
    },
  } as unknown as Machine;
  return { machine, files, sent };
}

const secret = (path: string, value: string, settings: object = {}) => ({
  ...secretFile.parse({ path, ...settings }),
  value,
});
const urn = (name: string, stack = 'dev') => `urn:pulumi:${stack}::fleet::nixos:index:Secrets::${name}`;
const ours = { claim: 'c1', urn: urn('web') };
const awkward = `-n 'a' "b" $(id) \\n \`x\` ü\n\n`;

test(
  'files get their content, owner and mode in several folders, and are read back as in place',
  skip,
  async () => {
    const { machine, files, sent } = machineOf();
    const secrets = {
      text: secret('/run/keys/text', awkward),
      binary: secret('/run/keys/-binary file', Buffer.from([0, 255, 10, 0]).toString('base64'), {
        encoding: 'base64',
        mode: '0444',
      }),
      other: secret('/var/lib/app/.env', 'a=1\n', { group: '7' }),
    };
    const { machineId, restarted } = await writeSecrets(machine, secrets, [], ours, undefined);
    assert.deepEqual([machineId, restarted], ['m', []]);
    assert.equal(files.read('run/keys/text'), awkward);
    assert.deepEqual(readdirSync(join(files.root, 'run/keys')).sort(), ['-binary file', 'text']);
    const { mode, gid } = statSync(join(files.root, 'var/lib/app/.env'));
    assert.deepEqual([mode & 0o777, gid], [0o400, 7]);
    assert.equal(statSync(join(files.root, 'run/keys')).mode & 0o777, 0o711);
    assert.equal(sent.length, 1, 'one stream');

    const found = await readSecrets(machine, secrets, 'c1');
    assert.equal(sent.length, 2, 'one reading');
    assert.deepEqual(
      Object.entries(found.files).map(([name, file]) => [name, file.content, file.mode]),
      [
        ['text', 'in-place', '0400'],
        ['binary', 'in-place', '0444'],
        ['other', 'in-place', '0400'],
      ],
    );
    assert.equal(found.files.other?.group, '7');
  },
);

test('edited and missing files are found by name', skip, async () => {
  const { machine, files } = machineOf();
  const secrets = {
    a: secret('/run/keys/a', 'one'),
    b: secret('/run/keys/b', 'two'),
    c: secret('/run/keys/c', 'three'),
  };
  await writeSecrets(machine, secrets, [], ours, undefined);
  // As long as before, and all in one are as before.
  files.write('run/keys/a', 'ont');
  files.write('run/keys/b', 'ewo');
  files.ok('rm /run/keys/c');
  const { files: found } = await readSecrets(machine, secrets, 'c1');
  assert.deepEqual([found.a?.content, found.b?.content, found.c], ['changed', 'changed', undefined]);
});

test(
  'units of files with new content are restarted together, each once; those that fail are named and stay due',
  skip,
  async () => {
    const { machine, files } = machineOf();
    const units = { restartUnits: ['one.service', 'two.service'] };
    const secrets = {
      a: secret('/run/keys/a', 'one', units),
      b: secret('/run/keys/b', 'two', { restartUnits: ['two.service', 'off.service'] }),
      c: secret('/run/keys/c', 'three', { restartUnits: ['never.service'] }),
    };
    files.write('run/keys/c', 'three');
    files.write(
      'bin-first/systemctl',
      `#!/bin/sh
case "$*" in
show*off.service) echo inactive ;;
show*) [ -e /restarted ] && echo failed || echo active ;;
*) echo "$*" >>/log; touch /restarted; [ ! -e /fails ] ;;
esac
`,
    );
    files.ok('chmod +x /bin-first/systemctl');
    const written = await writeSecrets(machine, secrets, [], ours, undefined);
    assert.deepEqual(written.restarted, ['one.service', 'two.service']);
    assert.deepEqual(files.log(), ['restart one.service two.service']);

    files.ok('rm /restarted; touch /fails');
    const failed = await writeSecrets(machine, { a: secret('/run/keys/a', 'new', units) }, [], ours, 'm');
    assert.match(failed.notRestarted?.why ?? '', /did not restart: one\.service two\.service/);
    assert.equal(files.read('run/keys/a'), 'new');
    assert.equal((await readSecrets(machine, secrets, 'c1')).restartDue, true);
    files.ok('rm /restarted /fails');
    const again = await writeSecrets(machine, {}, [], ours, 'm');
    assert.deepEqual(again.restarted, ['one.service', 'two.service']);
    assert.equal((await readSecrets(machine, secrets, 'c1')).restartDue, false);
  },
);

test(
  'another stack’s file: nothing is written, removed files are those of the resource alone',
  skip,
  async () => {
    const { machine, files } = machineOf();
    const theirs = { claim: 'c2', urn: urn('web', 'prod') };
    await writeSecrets(machine, { x: secret('/run/keys/x', 'theirs') }, [], theirs, undefined);
    const both = { a: secret('/run/keys/a', 'ours'), x: secret('/run/keys/x', 'ours') };
    await assert.rejects(writeSecrets(machine, both, [], ours, undefined), (error: Error) => {
      assert.match(error.message, /\/run\/keys\/x belongs to another stack/);
      return true;
    });
    assert.ok(!existsSync(join(files.root, 'run/keys/a')));
    await writeSecrets(machine, { a: both.a }, [], ours, undefined);
    const { kept } = await writeSecrets(machine, {}, ['/run/keys/a', '/run/keys/x'], ours, 'm');
    assert.deepEqual(kept, [{ path: '/run/keys/x', resource: theirs.urn }]);
    assert.deepEqual(readdirSync(join(files.root, 'run/keys')), ['x']);
    // A secret of the same stack under another name keeps its file.
    await writeSecrets(machine, { x: both.x }, [], { ...ours, takeOverFrom: 'fleet/prod' }, undefined);
    assert.equal((await removeSecrets(machine, ['/run/keys/x'], theirs, 'm')).kept.length, 1);
    assert.equal((await removeSecrets(machine, ['/run/keys/x'], ours, 'm')).kept.length, 0);
    assert.deepEqual(readdirSync(join(files.root, 'run/keys')), []);
  },
);

test(
  'another machine, a folder in the way, an owner that does not exist: nothing is written, and nothing is left',
  skip,
  async () => {
    const { machine, files } = machineOf();
    await assert.rejects(
      writeSecrets(machine, { a: secret('/run/keys/a', 'x') }, [], ours, 'another'),
      /another/,
    );
    assert.ok(!existsSync(join(files.root, 'run/keys')));
    files.ok('mkdir -p /run/keys/folder');
    const wrong = [
      [secret('/run/keys/folder', 'content-1'), /there is a folder at/],
      [secret('/run/keys/b', 'content-1', { owner: 'nobody-knows' }), /there is no user nobody-knows/],
    ] as const;
    for (const [file, why] of wrong)
      await assert.rejects(writeSecrets(machine, { file }, [], ours, undefined), (error: Error) => {
        assert.match(error.message, why);
        assert.doesNotMatch(error.message, /content-1/);
        return true;
      });
    assert.deepEqual(readdirSync(join(files.root, 'run/keys')), ['folder']);
  },
);

test('a link in the place of the private folder is not followed', skip, async () => {
  const { machine, files } = machineOf();
  files.ok('mkdir -p /run/keys /elsewhere; ln -s /elsewhere /run/keys/.nixos-fleet-secrets');
  await writeSecrets(machine, { a: secret('/run/keys/a', 'x') }, [], ours, undefined);
  assert.deepEqual(readdirSync(join(files.root, 'elsewhere')), []);
  assert.deepEqual(readdirSync(join(files.root, 'run/keys')), ['a']);
});
