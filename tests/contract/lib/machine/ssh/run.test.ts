import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { FleetError } from '../../../../../lib/base/errors.ts';
import { until } from '../../../../../lib/base/until.ts';
import { runOnMachine } from '../../../../../lib/machine/ssh/run.ts';
import type { Connection } from '../../../../../schema/connection.ts';

const connection: Connection = { address: '192.0.2.7', user: 'root', port: 22, connectTimeoutSeconds: 5 };
const folder = mkdtempSync(join(tmpdir(), 'ssh-'));
const path = process.env.PATH;

/** Puts a program in ssh's place: it runs what comes on its standard input here, after its own lines. */
function sshIs(lines: string) {
  const file = join(folder, 'ssh');
  writeFileSync(file, `#!/bin/sh\n${lines}\n`);
  chmodSync(file, 0o755);
}

before(() => {
  process.env.PATH = `${folder}${delimiter}${path}`;
});
after(() => {
  process.env.PATH = path;
  rmSync(folder, { recursive: true });
});

test('a script goes by standard input, and its exit code comes back', async () => {
  sshIs('exec sh -s');
  const result = await runOnMachine(connection, 'web', 'echo "$((6 * 7))"; exit 3');
  assert.deepEqual(result, { exitCode: 3, stdout: '42\n', stderr: '' });
});

test('words run as one command', async () => {
  sshIs('exec sh -s');
  const { stdout } = await runOnMachine(connection, 'web', ['printf', '%s', "$HOME 'x'"]);
  assert.equal(stdout, "$HOME 'x'");
});

test('the data of a call is in no argument', async () => {
  sshIs('echo "$@"');
  const { stdout } = await runOnMachine(connection, 'web', 'secret=hunter2');
  assert.doesNotMatch(stdout, /hunter2/);
});

test('exit code 255 is ssh’s own failure', async () => {
  sshIs('echo "ssh: connect to host 192.0.2.7 port 22: Connection refused" >&2; exit 255');
  await assert.rejects(runOnMachine(connection, 'web', 'true'), { code: 'unreachable', host: 'web' });
});

/** In ssh's place, a client whose pipes a process of the shared connection holds; returns that process's id once it runs. */
function sshThatHoldsPipes(): () => Promise<number> {
  const file = join(folder, 'holder');
  rmSync(file, { force: true });
  sshIs(`sleep 30 & echo $! >'${file}.new'; mv '${file}.new' '${file}'; trap "exit 143" TERM; wait`);
  return async () => {
    assert.ok(await until(() => existsSync(file), { limitSeconds: 30 }), 'ssh did not start');
    return Number(readFileSync(file, 'utf8'));
  };
}

test('a limit ends the call, whoever still holds its pipes', async (t) => {
  const limit = new AbortController();
  t.mock.method(AbortSignal, 'timeout', () => limit.signal);
  const holder = sshThatHoldsPipes();
  const call = runOnMachine(connection, 'web', 'true', { timeoutSeconds: 7 });
  const pid = await holder();
  limit.abort();
  await assert.rejects(call, { code: 'unreachable', why: 'no answer within 7 s' });
  process.kill(pid);
});

test('a cancel ends the call, whoever still holds its pipes', async () => {
  const controller = new AbortController();
  const holder = sshThatHoldsPipes();
  const call = runOnMachine(connection, 'web', 'true', { signal: controller.signal });
  const pid = await holder();
  controller.abort();
  await assert.rejects(call, (error) => error instanceof FleetError && error.code === 'cancelled');
  process.kill(pid);
});
