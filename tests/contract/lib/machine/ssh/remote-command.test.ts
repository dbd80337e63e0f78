import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { run } from '../../../../../lib/base/process/run.ts';
import { machineAt } from '../../../../../lib/machine/ssh/machine-at.ts';
import {
  type RemoteCommandOptions,
  runRemoteCommand,
} from '../../../../../lib/machine/ssh/remote-command.ts';
import type { Connection } from '../../../../../schema/connection.ts';

/** Commands on a machine whose ssh is this computer's shell, started as sshd starts it. */
const folder = mkdtempSync(join(tmpdir(), 'remote-command-'));
const path = process.env.PATH;
const web: Connection = { address: '192.0.2.7', user: 'root', connectTimeoutSeconds: 5 };

function program(name: string, lines: string) {
  writeFileSync(join(folder, name), `#!/bin/sh\n${lines}\n`);
  chmodSync(join(folder, name), 0o755);
}

before(() => {
  mkdirSync(folder, { recursive: true });
  process.env.PATH = `${folder}${delimiter}${path}`;
  program('ssh', 'while [ $# -gt 1 ]; do shift; done; exec sh -c "$1"');
});
after(() => {
  process.env.PATH = path;
  rmSync(folder, { recursive: true });
});

async function runOn(connection: Connection, words: string[], options: Partial<RemoteCommandOptions> = {}) {
  const lines: string[] = [];
  const end = await runRemoteCommand(machineAt('web', connection), words, {
    signal: new AbortController().signal,
    ...options,
    onLine: (stream, line) => {
      lines.push(`${stream}: ${line}`);
      options.onLine?.(stream, line);
    },
  });
  return { ...end, lines };
}

/** Settles once no process has this word among its arguments. */
async function gone(word: string): Promise<void> {
  while ((await run('ps', ['-eo', 'args'], { timeoutSeconds: 10 })).stdout.includes(word)) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('words arrive as they are, and both streams and the exit code come back', async () => {
  const words = ['a  b', `"$(id)" '\\n'`, '*', '', '-n'];
  const { lines, ...end } = await runOn(web, ['printf', '<%s>\\n', ...words]);
  assert.deepEqual(
    lines,
    words.map((word) => `stdout: <${word}>`),
  );
  assert.deepEqual(end, { ended: 'exit', exitCode: 0 });
  const both = await runOn(web, ['sh', '-c', 'echo no >&2; printf yes; exit 255']);
  // 255 is the command's, not ssh's.
  const expected = { ended: 'exit', exitCode: 255, lines: ['stderr: no', 'stdout: yes'] };
  assert.deepEqual({ ...both, lines: both.lines.sort() }, expected);
});

test('the command has no input, and what it leaves behind keeps nobody waiting', async () => {
  const { lines } = await runOn(web, ['sh', '-c', 'cat; sleep 4711 & echo $!']);
  const [pid] = lines.map((line) => Number(line.replace('stdout: ', '')));
  assert.ok(pid && process.kill(pid), 'it still runs');
});

for (const [how, command] of [
  ['by itself', 'echo begun; exec sleep 4712'],
  ['by force, with its children', 'trap "" TERM; sleep 4712 & echo begun; sleep 4712'],
]) {
  test(`a command that is cancelled ends ${how}`, { timeout: 60_000 }, async () => {
    const interrupt = new AbortController();
    const { lines, ...end } = await runOn(web, ['sh', '-c', String(command)], {
      signal: interrupt.signal,
      onLine: (_, line) => line === 'begun' && interrupt.abort(),
    });
    assert.deepEqual(end, { ended: 'cancelled' });
    assert.deepEqual(lines, ['stdout: begun']);
    await gone('sleep 4712');
  });
}

test('a limit ends a command, too', { timeout: 60_000 }, async () => {
  const { ended } = await runOn(web, ['sleep', '4713'], { timeoutSeconds: 1 });
  assert.equal(ended, 'timeout');
  await gone('sleep 4713');
});

test('a command ends with a connection that breaks, which is not taken for its end', {
  timeout: 60_000,
}, async () => {
  // An ssh that loses its connection: it exits, and so ends the input of what runs on the machine.
  program(
    'ssh',
    `while [ $# -gt 1 ]; do shift; done
mkfifo ${folder}/input ${folder}/output
sh -c "$1" <${folder}/input >${folder}/output 2>/dev/null &
cat ${folder}/output &
cat=$!
exec 7>${folder}/input
dd bs=65536 count=1 2>/dev/null >&7
while [ ! -e ${folder}/begun ]; do sleep 0.05; done
kill "$cat"
echo 'Connection closed by remote host.' >&2
exit 255`,
  );
  await assert.rejects(
    runOn(web, ['sh', '-c', `: >${folder}/begun; exec sleep 4714`]),
    /web: the connection was lost while the command ran \[unreachable\]/,
  );
  await gone('sleep 4714');
});

test('root rights come from sudo with the password, which no output shows', async () => {
  program('ssh', 'while [ $# -gt 1 ]; do shift; done; exec sh -c "$1"');
  program('id', 'echo 1000');
  program(
    'sudo',
    `reads=
while [ "$1" != -- ]; do case $1 in -S) reads=1 ;; -p) shift ;; esac; shift; done
shift
[ "$reads" ] || { echo 'sudo: a password is required' >&2; exit 1; }
IFS= read -r line
[ "$line" = hunter2 ] || { echo 'Sorry, try again.' >&2; exit 1; }
echo sudo >>${folder}/calls
exec "$@"`,
  );
  const admin: Connection = { ...web, user: 'admin' };
  const withPassword = { ...admin, becomePassword: 'hunter2' };
  const { lines } = await runOn(withPassword, ['echo', 'my hunter2']);
  assert.deepEqual(lines, ['stdout: my ***']);
  assert.equal(readFileSync(join(folder, 'calls'), 'utf8'), 'sudo\nsudo\n');
  await assert.rejects(runOn({ ...admin, becomePassword: 'wrong' }, ['true']), (error: Error) => {
    assert.match(error.message, /sudo refused the password of admin .*\[access-denied\]/);
    assert.doesNotMatch(error.message, /wrong\b/);
    return true;
  });
  await assert.rejects(runOn(admin, ['true']), /user admin has no root rights .*\[access-denied\]/);
  const own = await runOn(admin, ['echo', 'as the login'], { asLogin: true });
  assert.deepEqual(own.lines, ['stdout: as the login']);
});

test('a machine that is not reached, and a login shell that ends before the command', async () => {
  program('ssh', "echo 'ssh: connect to host 192.0.2.7 port 22: No route to host' >&2; exit 255");
  await assert.rejects(runOn(web, ['true']), /No route to host[\s\S]*fix:|unreachable/);
  program('ssh', 'echo "This account is not available."; exit 1');
  await assert.rejects(runOn(web, ['true']), /exit code 1 before the command began \[command-failed\]/);
});
