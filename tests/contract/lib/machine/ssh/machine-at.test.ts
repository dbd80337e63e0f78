import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { FleetError } from '../../../../../lib/base/errors.ts';
import { until } from '../../../../../lib/base/until.ts';
import { machineAt } from '../../../../../lib/machine/ssh/machine-at.ts';
import type { Connection } from '../../../../../schema/connection.ts';

const connection: Connection = { address: '192.0.2.7', user: 'root', port: 22, connectTimeoutSeconds: 5 };
const machine = machineAt('web', connection);
const folder = mkdtempSync(join(tmpdir(), 'ssh-'));
const path = process.env.PATH;

/** Installs a fake ssh: it runs its own lines, then its standard input on this computer. */
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

test('a script is sent through the standard input, and its exit code is returned', async () => {
  sshIs('exec sh -s');
  const result = await machine.run('echo "$((6 * 7))"; exit 3');
  assert.deepEqual(result, { exitCode: 3, stdout: '42\n', stderr: '' });
});

test('words are run as one command', async () => {
  sshIs('exec sh -s');
  const { stdout } = await machine.run(['printf', '%s', "$HOME 'x'"]);
  assert.equal(stdout, "$HOME 'x'");
});

test('a script’s data appears in no argument', async () => {
  sshIs('echo "$@" >&2; exec sh -s');
  const { stderr } = await machine.run('secret=hunter2');
  assert.match(stderr, / -l root -- 192/);
  assert.doesNotMatch(stderr, /hunter2/);
});

/** An ssh whose login shell runs these lines of its start-up file first. */
const loginShellRuns = (lines: string) => sshIs(`${lines}\nexec sh -s`);

test('what a login shell prints is no part of the output (fault 56)', async () => {
  loginShellRuns('echo Welcome; printf "no line end"');
  assert.deepEqual(await machine.run('echo answer'), { exitCode: 0, stdout: 'answer\n', stderr: '' });
});

test('a login shell that reads the script is an error, and nothing of the script runs (fault 56)', async () => {
  const file = join(folder, 'ran');
  for (const lines of ['cat >/dev/null', 'IFS= read -r line', 'IFS= read -r line; echo Welcome']) {
    loginShellRuns(lines);
    await assert.rejects(machine.run(`touch ${file}; exit 3`), {
      code: 'command-failed',
      what: /login shell of root reads the standard input/,
      fix: /\.bashrc/,
    });
  }
  assert.equal(existsSync(file), false);
});

test('exit code 255 is a failure of ssh', async () => {
  sshIs('echo "ssh: connect to host 192.0.2.7 port 22: Connection refused" >&2; exit 255');
  await assert.rejects(machine.run('true'), { code: 'unreachable', host: 'web' });
});

/** Installs a fake ssh whose pipes are held by a background process; returns that process's id once it runs. */
function sshThatHoldsPipes(): () => Promise<number> {
  const file = join(folder, 'holder');
  rmSync(file, { force: true });
  sshIs(`sleep 30 & echo $! >'${file}.new'; mv '${file}.new' '${file}'; trap "exit 143" TERM; wait`);
  return async () => {
    assert.ok(await until(() => existsSync(file), { limitSeconds: 30 }), 'ssh did not start');
    return Number(readFileSync(file, 'utf8'));
  };
}

test('a timeout ends the call even if its pipes are still held', async (t) => {
  const limit = new AbortController();
  t.mock.method(AbortSignal, 'timeout', () => limit.signal);
  const holder = sshThatHoldsPipes();
  const call = machine.run('true', { timeoutSeconds: 7 });
  const pid = await holder();
  limit.abort();
  await assert.rejects(call, { code: 'unreachable', why: 'no answer within 7 s' });
  process.kill(pid);
});

test('a cancel ends the call even if its pipes are still held', async () => {
  const controller = new AbortController();
  const holder = sshThatHoldsPipes();
  const call = machine.run('true', { signal: controller.signal });
  const pid = await holder();
  controller.abort();
  await assert.rejects(call, (error) => error instanceof FleetError && error.code === 'cancelled');
  process.kill(pid);
});

test('a stream is the input of one command', async () => {
  sshIs('shift $(($# - 1)); exec sh -c "$1"');
  const stream = (async function* () {
    yield Buffer.from('some ');
    yield Buffer.from('bytes');
  })();
  const { stdout } = await machine.stream(['tr', 'a-z', 'A-Z'], stream);
  assert.equal(stdout, 'SOME BYTES');
});

const installed = machineAt('web', { ...connection, user: 'admin', bootstrapUser: 'install' });

test('if the login is refused, a script runs as the bootstrap user, and a stream does not', async () => {
  sshIs(
    'case "$*" in *" -l install "*) exec sh -s;; esac; echo "admin@192.0.2.7: Permission denied (publickey)." >&2; exit 255',
  );
  assert.equal((await installed.run('echo ran')).stdout, 'ran\n');
  await assert.rejects(installed.asRegularUser().run('echo ran'), { code: 'access-denied' });
  const nothing = (async function* (): AsyncGenerator<Uint8Array> {})();
  await assert.rejects(installed.stream(['cat'], nothing), { code: 'access-denied' });
});
