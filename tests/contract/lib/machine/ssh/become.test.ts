import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { machineAt } from '../../../../../lib/machine/ssh/machine-at.ts';
import type { Connection } from '../../../../../schema/connection.ts';

const admin: Connection = { address: '192.0.2.7', user: 'admin', connectTimeoutSeconds: 5 };
const password = `a b\\n"$(id)'\t\\ ü`;
const withPassword: Connection = { ...admin, becomePassword: password };
const folder = mkdtempSync(join(tmpdir(), 'become-'));
const path = process.env.PATH;
/** Log of the fake sudo: the arguments of each call, and what it read as a password. */
const calls = join(folder, 'calls');

function program(name: string, lines: string) {
  writeFileSync(join(folder, name), `#!/bin/sh\n${lines}\n`);
  chmodSync(join(folder, name), 0o755);
}

/** A fake sudo: with -S it reads one line at a time and allows three attempts, like the real one. */
function sudoAsks(expected: string | undefined) {
  writeFileSync(join(folder, 'expected'), expected ?? '');
  const ask = `tries=0
while :; do
  tries=$((tries + 1))
  [ "$tries" -le 3 ] && IFS= read -r line || { echo "sudo: $tries incorrect password attempts" >&2; exit 1; }
  printf 'took %s\\n' "$line" >>${calls}
  [ "$line" = "$(cat ${folder}/expected)" ] && break
  echo 'Sorry, try again.' >&2
done`;
  program(
    'sudo',
    `echo "args $*" >>${calls}
reads=
while [ "$1" != -- ]; do
  case $1 in -S) reads=1 ;; -p) shift ;; esac
  shift
done
shift
${expected === undefined ? '' : `[ "$reads" ] || { echo 'sudo: a password is required' >&2; exit 1; }\n${ask}`}
exec "$@"`,
  );
}

before(() => {
  mkdirSync(folder, { recursive: true });
  process.env.PATH = `${folder}${delimiter}${path}`;
  // The last argument is the command line for the machine's login shell.
  program('ssh', 'while [ $# -gt 1 ]; do shift; done; exec sh -c "$1"');
  program('id', 'echo 1000');
});
beforeEach(() => writeFileSync(calls, ''));
after(() => {
  process.env.PATH = path;
  rmSync(folder, { recursive: true });
});

const script = 'echo "ran $((6 * 7))"; cat; exit 3\nrest of input\n';
const called = () => readFileSync(calls, 'utf8');

test('without a password only the script is sent', async () => {
  sudoAsks(undefined);
  const { stdout, exitCode } = await machineAt('web', admin).run(script);
  assert.deepEqual([stdout, exitCode], ['ran 42\n', 3]);
  assert.equal(called(), 'args -n -- sh -s\n');
});

test('a password is tried first, then given once; the script arrives whole', async () => {
  sudoAsks(password);
  const { stdout, exitCode, stderr } = await machineAt('web', withPassword).run(script);
  assert.deepEqual([stdout, stderr, exitCode], ['ran 42\n', '', 3]);
  const lines = called().split('\n').filter(Boolean);
  assert.deepEqual(
    lines.filter((line) => line.startsWith('took')),
    [`took ${password}`, `took ${password}`],
  );
  assert.equal(lines.filter((line) => line.startsWith('args')).length, 2);
  assert.ok(lines.filter((line) => line.startsWith('args')).every((line) => !line.includes(password)));
});

test('a wrong password costs one attempt, and no line of the script is taken for one', async () => {
  sudoAsks('another');
  await assert.rejects(machineAt('web', withPassword).run(script), {
    code: 'access-denied',
    message: /sudo refused the password of admin/,
  });
  assert.deepEqual(
    called()
      .split('\n')
      .filter((line) => line.startsWith('took')),
    [`took ${password}`],
  );
});

test('if sudo needs no password, the command does not get it', async () => {
  sudoAsks(undefined);
  const { stdout, exitCode } = await machineAt('web', withPassword).run('set; env');
  assert.equal(exitCode, 0);
  assert.doesNotMatch(stdout, /a b/);
  assert.doesNotMatch(called(), /took/);
  const [, second] = called().split('\n');
  assert.match(second ?? '', /^args -n -- sh -c/);
});

test('a stream follows the password byte for byte', async () => {
  sudoAsks(password);
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 256));
  async function* source() {
    yield bytes.subarray(0, 7);
    yield bytes.subarray(7);
  }
  const file = join(folder, 'received');
  const { exitCode } = await machineAt('web', withPassword).stream(['sh', '-c', `cat >${file}`], source());
  assert.equal(exitCode, 0);
  assert.ok(readFileSync(file).equals(bytes));
});

test('the operator’s own computer is reached without ssh, with the same escalation', async () => {
  program('ssh', 'echo ssh >&2; exit 255');
  const local: Connection = { ...withPassword, user: 'root', local: true, address: 'localhost' };
  sudoAsks(password);
  assert.equal((await machineAt('here', local).run(script)).stdout, 'ran 42\n');
  assert.match(called(), /took a b/);
  const { becomePassword: _, ...without } = local;
  sudoAsks(undefined);
  assert.equal((await machineAt('here', without).run('pwd')).stdout, '/\n');
  sudoAsks(password);
  await assert.rejects(machineAt('here', without).run('true'), { code: 'access-denied' });
});
