/** Secrets on a machine with real systemd and sshd, by the real Pulumi CLI, and that their contents do not leak. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runToEnd } from '../../lib/base/process/run.ts';
import { CliProject } from '../contract/cli-project.ts';
import { MachineUnderTest } from './machine-under-test.ts';
import { watchProcesses } from './watch-processes.ts';

const components = fileURLToPath(new URL('../../components/index.ts', import.meta.url));
const project = new CliProject();
let machine: MachineUnderTest;

const canary = (n: number) => `Kanarienvogel-${n}-'"$(id)\\ ü`;
/** Parts of the secrets, plain and in base64, to search for. */
const traces = [1, 2, 3].flatMap((n) => {
  const base64 = Buffer.from(canary(n)).toString('base64');
  return [canary(n).slice(0, 15), base64.slice(0, 16)];
});

before(async () => {
  machine = await MachineUnderTest.create('secrets', '10.213.46');
  await machine.run(`useradd --system --no-create-home app
    mkdir -p /run/systemd/system
    printf '[Service]\\nExecStart=/bin/sh -c "cat /run/keys/app >/dev/null && exec sleep infinity"\\n' >/run/systemd/system/reader.service
    printf '[Service]\\nExecStart=/bin/sleep infinity\\n' >/run/systemd/system/idle.service
    systemctl daemon-reload; systemctl start reader.service; true`);
  writeFileSync(
    join(project.folder, 'index.ts'),
    `import { readFileSync } from 'node:fs';
import * as pulumi from '@pulumi/pulumi';
import { Secret, Secrets } from '${components}';
const { connection, files, many } = JSON.parse(readFileSync('settings.json', 'utf8'));
const value = new pulumi.Config().requireSecret('value');
for (const [name, file] of Object.entries(files)) new Secret(name, { host: 'one', connection, value, ...file });
const named = Object.entries(many).map(([name, { suffix = '', ...file }]) => [name, { value: pulumi.interpolate\`\${value}\${suffix}\`, ...file }]);
if (named.length > 0) new Secrets('many', { host: 'one', connection, files: Object.fromEntries(named) });
`,
  );
  await project.pulumi('stack', 'init', 'dev');
});

after(async () => {
  await machine?.remove();
  project.remove();
});

const app = {
  path: '/run/keys/app',
  owner: 'app',
  group: 'app',
  mode: '0440',
  restartUnits: ['reader.service', 'idle.service'],
};
const declare = (files: object, many: object = {}) =>
  writeFileSync(
    join(project.folder, 'settings.json'),
    JSON.stringify({ connection: machine.target.connection, files, many }),
  );
const setValue = (n: number) => project.pulumi('config', 'set', '--secret', 'value', canary(n));
const pid = () => machine.run('systemctl show --property=MainPID --value reader.service');

async function up(): Promise<string> {
  const { exitCode, text } = await project.pulumi('up', '--yes', '--skip-preview', '--diff');
  assert.equal(exitCode, 0, text);
  return text;
}

test('a file is written with its owner and mode, its service is restarted, and no process has the content as an argument', async () => {
  declare({ app });
  await setValue(1);
  const running = up();
  const { found, seen } = await watchProcesses(traces, running);
  const text = await running;
  assert.deepEqual(found, []);
  assert.ok(seen.has('ssh') && seen.has('node'), [...seen].join(' '));
  assert.match(text, /one: restarted reader\.service/);
  assert.equal(await machine.run(`cat ${app.path}`), canary(1));
  assert.equal(await machine.run(`stat -c '%U %G %a' ${app.path}; ls -A /run/keys`), 'app app 440\napp');
  assert.notEqual(await pid(), '0', 'the service that lacked the file runs now');
  assert.equal(
    await machine.run('systemctl is-active idle.service || true'),
    'inactive',
    'an inactive service stays inactive',
  );
});

test('the same secret again is no change', async () => {
  const { exitCode, text } = await project.pulumi('preview', '--diff', '--expect-no-changes');
  assert.equal(exitCode, 0, text);
});

test('new content is written and its service restarted; new permissions alone restart nothing', async () => {
  const before = await pid();
  await setValue(2);
  await up();
  assert.equal(await machine.run(`cat ${app.path}`), canary(2));
  const next = await pid();
  assert.notEqual(next, before);
  declare({ app: { ...app, mode: '0400' } });
  await up();
  assert.equal(await machine.run(`stat -c %a ${app.path}`), '400');
  assert.equal(await pid(), next);
});

test('a file changed or removed on the machine is found by refresh and restored by up', async () => {
  await machine.run(`echo other >${app.path}; chmod 0644 ${app.path}`);
  const { text } = await project.pulumi('refresh', '--yes', '--diff', '--skip-preview');
  assert.match(text, /content\s*: "in-place" => "changed"/);
  assert.match(text, /"0400" => "0644"/);
  await up();
  assert.equal(await machine.run(`cat ${app.path}; stat -c ' %a' ${app.path}`), `${canary(2)} 400`);
  await machine.run(`rm ${app.path}`);
  const gone = await project.pulumi('refresh', '--yes', '--diff', '--skip-preview');
  assert.match(gone.text, /nixos:index:Secret: \(delete\)/);
  await up();
  assert.equal(await machine.run(`cat ${app.path}`), canary(2));
});

test('a service that fails to restart fails the update, and the next update restarts it', async () => {
  await machine.run(`cp /run/systemd/system/reader.service /run/reader.service
    printf '[Service]\\nType=oneshot\\nExecStart=/bin/false\\n' >/run/systemd/system/reader.service; systemctl daemon-reload`);
  await setValue(3);
  const failed = await project.pulumi('up', '--yes', '--skip-preview', '--diff');
  assert.notEqual(failed.exitCode, 0);
  assert.match(failed.text, /was written, but units that use it did not restart \[secret-failed\]/);
  assert.match(failed.text, /did not restart: reader\.service/);
  await machine.run('mv /run/reader.service /run/systemd/system/; systemctl daemon-reload');
  assert.match(await up(), /one: restarted reader\.service/);
  assert.equal(await machine.run(`cat ${app.path}; ls -A /run/nixos-fleet/secrets`), canary(3));
});

test('an owner that does not exist is an error, and no file is left', async () => {
  declare({ app, other: { path: '/run/keys/other', owner: 'nobody-knows' } });
  const { exitCode, text } = await project.pulumi('up', '--yes', '--skip-preview');
  assert.notEqual(exitCode, 0);
  assert.match(text, /there is no user nobody-knows or group root on the machine/);
  assert.equal(await machine.run('ls -A /run/keys'), 'app');
});

describe('many secrets as one resource', () => {
  const several = Object.fromEntries(
    Array.from({ length: 20 }, (_, n) => [`s${n}`, { path: `/run/keys/many/s${n}`, suffix: `${n}` }]),
  );
  const many = { ...several, s0: { ...several.s0, restartUnits: ['counting.service'] } };
  Object.assign(many, { s1: { ...several.s1, owner: 'app', restartUnits: ['counting.service'] } });
  const inodes = () => machine.run('stat -c "%n %i" /run/keys/many/*');

  test('they are written together, each unit is restarted once, and no process has a content as an argument', async () => {
    await machine.run(`printf '[Service]\\nExecStart=/bin/sh -c "echo >>/run/starts; exec sleep infinity"\\n' >/run/systemd/system/counting.service
      systemctl daemon-reload; systemctl start counting.service`);
    await machine.until('[ -s /run/starts ]');
    await machine.run(': >/run/starts');
    declare({}, many);
    const running = up();
    const { found } = await watchProcesses(traces, running);
    assert.match(await running, /one: restarted counting\.service/);
    assert.deepEqual(found, []);
    await machine.until('[ -s /run/starts ]');
    assert.equal(await machine.run('wc -l </run/starts'), '1');
    assert.equal(await machine.run('cat /run/keys/many/s7'), `${canary(3)}7`);
    assert.equal(
      await machine.run('stat -c "%U %a" /run/keys/many/s1; ls -A /run/keys/many | wc -l'),
      'app 400\n20',
    );
    const { exitCode, text } = await project.pulumi('preview', '--diff', '--expect-no-changes');
    assert.equal(exitCode, 0, text);
  });

  test('a preview names those that change, and only these are written', async () => {
    const before = await inodes();
    const { s19: _, ...rest } = many as Record<string, object>;
    const changed = {
      ...rest,
      s2: { ...several.s2, suffix: 'other' },
      added: { path: '/run/keys/many/added' },
    };
    declare({}, changed);
    const { text } = await project.pulumi('preview', '--diff');
    assert.match(text, /secrets of one: new: added; with new content: s2; removed: s19/);
    for (const trace of traces) assert.ok(!text.includes(trace));
    await up();
    const after = await inodes();
    const left = before.split('\n').filter((line) => after.split('\n').includes(line));
    assert.equal(left.length, 18, 'all but s2 and s19 are untouched');
    assert.ok(!after.includes('/s19 ') && after.includes('/added '));
    assert.equal(await machine.run('wc -l </run/starts'), '1', 'no unit uses them');
    declare({}, many);
    await up();
  });

  test('edited and missing files are named by refresh, and restored by up', async () => {
    await machine.run('echo other >/run/keys/many/s3; chmod 0644 /run/keys/many/s4; rm /run/keys/many/s5');
    const { text } = await project.pulumi('refresh', '--yes', '--diff', '--skip-preview');
    assert.match(text, /s3\s*: "in-place" => "changed"/);
    assert.match(text, /s5\s*: "in-place" => "missing"/);
    // A default is not recorded.
    assert.match(text, /s4: \{\s+\+ mode: "0644"/);
    assert.doesNotMatch(text, /s6\s*:/);
    const preview = await project.pulumi('preview', '--diff');
    assert.match(
      preview.text,
      /with another place, owner, mode or unit: s4; restored on the machine: s3, s5/,
    );
    await up();
    assert.equal(
      await machine.run('cat /run/keys/many/s3 /run/keys/many/s5; stat -c " %a" /run/keys/many/s4'),
      `${canary(3)}3${canary(3)}5 400`,
    );
  });

  test('secrets that become single ones keep their files', async () => {
    const before = await machine.run('stat -c %i /run/keys/many/s6');
    declare({ s6: { path: '/run/keys/many/s6' } }, { s7: several.s7 });
    await up();
    assert.equal(await machine.run('ls -A /run/keys/many'), 's6\ns7');
    assert.notEqual(before, '');
    declare({ app: { ...app, mode: '0400' } });
    await up();
    assert.equal(await machine.run('ls -A /run/keys/many; ls -A /run/nixos-fleet/secrets'), '');
    await machine.run('rmdir /run/keys/many; systemctl stop counting.service');
  });
});

test('the content is in no store, no state, no log and no other file', async () => {
  const patterns = traces.flatMap((trace) => ['-e', trace]);
  // The machine's root, then Pulumi's state, home and logs. That the state file is found shows that grep searches there.
  for (const folder of [machine.state, project.folder]) {
    const { stdout, exitCode } = await runToEnd('grep', ['-rlFa', '--devices=skip', ...patterns, folder], {
      timeoutSeconds: 300,
    });
    assert.equal(stdout, '');
    assert.equal(exitCode, 1, 'everything could be read');
  }
  const { stdout } = await runToEnd('grep', ['-rl', 'nixos:index:Secret', project.folder], {
    timeoutSeconds: 60,
  });
  assert.match(stdout, /backend\/.*stacks.*json/);
  const words = traces.map((trace) => `-e '${trace}'`).join(' ');
  assert.equal(await machine.run(`grep -rlFa --devices=skip ${words} /run /tmp /var /etc /root`), app.path);
  assert.equal(await machine.run(`journalctl --no-pager | grep -cF ${words} || true`), '0');
  const [secret] = await project.recorded();
  assert.ok(JSON.stringify(secret?.inputs.value).includes('ciphertext'));
  assert.ok(!('value' in (secret?.outputs ?? {})));
});

test('a changed path replaces the old file; a dropped secret is removed', async () => {
  declare({ app: { ...app, path: '/var/lib/app/key', restartUnits: [] } });
  await up();
  assert.equal(await machine.run('ls -A /run/keys; cat /var/lib/app/key'), canary(3));
  declare({});
  await up();
  assert.equal(await machine.run('ls -A /var/lib/app'), '');
});
