import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { startDuplex } from '../../../../lib/base/process/duplex.ts';
import { ProcessError } from '../../../../lib/base/process/process-error.ts';
import { runToEnd } from '../../../../lib/base/process/run.ts';
import { streamOutput } from '../../../../lib/base/process/stream.ts';
import { until } from '../../../../lib/base/until.ts';

/** A grandchild that holds the program's pipes for longer than any limit below. */
const holdsPipes = ['-c', 'sleep 20 & echo $!; wait'];

/** Takes away the grandchild, which told its id. */
function endGrandchild(stdout: string): void {
  process.kill(Number(stdout.trim()));
}

test('a timeout does not wait for a grandchild that holds the pipes', { timeout: 10_000 }, async () => {
  const error = await runToEnd('sh', holdsPipes, { timeoutSeconds: 0.5 }).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof ProcessError);
  assert.equal(error.reason, 'timeout');
  assert.match(error.message, /did not end within 0\.5 s/);
  endGrandchild(error.stdout);
});

test('a cancel does not wait for a grandchild that holds the pipes', { timeout: 10_000 }, async () => {
  const controller = new AbortController();
  const onStdoutLine = () => controller.abort();
  const call = runToEnd('sh', holdsPipes, { signal: controller.signal, onStdoutLine });
  const error = await call.catch((thrown: unknown) => thrown);
  assert.ok(error instanceof ProcessError);
  assert.equal(error.reason, 'cancelled');
  endGrandchild(error.stdout);
});

test('a timeout that is not reached leaves no timer behind', async () => {
  const { exitCode, stdout } = await runToEnd('sh', ['-c', 'echo done; exit 3'], { timeoutSeconds: 60 });
  assert.deepEqual([exitCode, stdout], [3, 'done\n']);
});

test('secrets appear neither in errors nor on standard error', async () => {
  const lines: string[] = [];
  const options = {
    redact: ['hunter2'],
    timeoutSeconds: 10,
    onStderrLine: (line: string) => void lines.push(line),
  };
  const { stderr } = await runToEnd('sh', ['-c', 'echo "no: $0" >&2', 'hunter2'], options);
  assert.equal(stderr, 'no: ***\n');
  assert.deepEqual(lines, ['no: ***']);
  const dies = runToEnd('sh', ['-c', 'echo "$0"; kill -9 $$', 'hunter2'], options);
  const error = await dies.catch((thrown: unknown) => thrown);
  assert.ok(error instanceof ProcessError);
  assert.doesNotMatch(`${error.message} ${error.command} ${error.stdout}`, /hunter2/);
});

test('a stream can be the input of a program', async () => {
  async function* numbers() {
    for (const number of [1, 2, 3]) yield Buffer.from(`${number}\n`);
  }
  const { stdout } = await runToEnd('cat', [], { input: numbers(), timeoutSeconds: 10 });
  assert.equal(stdout, '1\n2\n3\n');
});

test('a failing input stream ends the program, and its error is thrown', async () => {
  async function* broken() {
    yield Buffer.from('1\n');
    throw new Error('the source broke');
  }
  const call = runToEnd('cat', [], { input: broken(), timeoutSeconds: 10 });
  await assert.rejects(call, { message: 'the source broke' });
});

test('a program may stop reading its input early', async () => {
  async function* endless() {
    for (;;) yield Buffer.alloc(1 << 16, 'x\n');
  }
  const options = { input: endless(), timeoutSeconds: 10 };
  assert.equal((await runToEnd('head', ['-n', '1'], options)).stdout, 'x\n');
});

test('output is streamed byte for byte', async () => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of streamOutput('printf', ['\\377\\000\\n'], { timeoutSeconds: 10 }))
    chunks.push(chunk);
  assert.deepEqual([...Buffer.concat(chunks)], [255, 0, 10]);
});

test('the output stream of a failing program ends with its error', async () => {
  const read = async () => {
    for await (const _ of streamOutput('sh', ['-c', 'echo 1; echo bad >&2; exit 3'], { timeoutSeconds: 10 }));
  };
  await assert.rejects(
    read(),
    (error) => error instanceof ProcessError && /exit code 3.*\n.*bad/.test(error.message),
  );
});

/** Whether a process has not ended; one whose parent has yet to ask for its end has. */
function runs(id: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(id)], { encoding: 'utf8' });
  return /^[^Z\s]/.test(stdout);
}

for (const reason of ['timeout', 'cancelled'] as const) {
  test(`a process group is ended as a whole (${reason})`, { timeout: 10_000 }, async () => {
    const controller = new AbortController();
    const options = reason === 'timeout' ? { timeoutSeconds: 0.5 } : { signal: controller.signal };
    let grandchild = 0;
    const onStdoutLine = (line: string) => {
      grandchild = Number(line);
      controller.abort();
    };
    const error = await runToEnd('sh', holdsPipes, { ...options, group: true, onStdoutLine }).catch(
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof ProcessError);
    assert.equal(error.reason, reason);
    assert.ok(await until(() => !runs(grandchild), { limitSeconds: 5 }));
  });
}

test('a process group that exits by itself leaves nothing to wait for', async () => {
  const { stdout } = await runToEnd('echo', ['done'], { timeoutSeconds: 1000, group: true });
  assert.equal(stdout, 'done\n');
});

test('a duplex program reports its standard error by line and ends with its stream', async () => {
  const said: string[] = [];
  const options = { timeoutSeconds: 10, onStderrLine: (line: string) => void said.push(line) };
  const echo = await startDuplex(
    'sh',
    ['-c', 'read -r word; echo "heard $word"; echo done >&2; exit 3'],
    options,
  );
  echo.stream.write('hello\n');
  let answer = '';
  for await (const chunk of echo.stream) answer += chunk;
  assert.equal(answer, 'heard hello\n');
  assert.deepEqual(await echo.ended, { exitCode: 3, stderr: 'done\n' });
  assert.deepEqual(said, ['done']);
  const endless = await startDuplex('sh', ['-c', 'exec cat'], options);
  endless.stream.destroy();
  await assert.rejects(endless.ended, { reason: 'signal' });
});

test('programs get no variable of Pulumi’s; one that stays gets little more than PATH (faults 31, 59)', async () => {
  const variables = {
    PULUMI_CONFIG: 'decrypted',
    PULUMI_CONFIG_PASSPHRASE: 'secret',
    FIXTURE_AGENT: '/agent',
  };
  Object.assign(process.env, variables);
  try {
    const names = async (lasting: boolean) => {
      const { stdout } = await runToEnd('env', [], { timeoutSeconds: 20, env: { GIVEN: 'yes' }, lasting });
      return stdout.split('\n').map((line) => line.replace(/=.*/, ''));
    };
    const usual = await names(false);
    assert.deepEqual(
      usual.filter((name) => name.startsWith('PULUMI_')),
      [],
    );
    for (const name of ['PATH', 'GIVEN', 'FIXTURE_AGENT']) assert.ok(usual.includes(name), name);
    const few = await names(true);
    assert.ok(few.includes('PATH') && few.includes('GIVEN') && !few.includes('FIXTURE_AGENT'), few.join());
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
  }
});
