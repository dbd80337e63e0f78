import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { vmPaths } from '../../../../../lib/local/vm/paths.ts';
import { runQmp } from '../../../../../lib/local/vm/qmp.ts';
import { QmpStream } from '../../../../../lib/local/vm/qmp-messages.ts';

test('messages are parsed however they are chunked', () => {
  const stream = new QmpStream();
  assert.deepEqual(stream.push('{"QMP": {"version"'), []);
  assert.deepEqual(stream.push(': {}}}\r\n\n{"event": "RESET"}\nnonsense\n{"return"'), [
    { QMP: { version: {} } },
    { event: 'RESET' },
  ]);
  assert.deepEqual(stream.push(': 1}\n'), [{ return: 1 }]);
});

/** A monitor that answers as QEMU does, in a folder whose path is longer than a socket's may be. */
async function monitor(t: TestContext, answer: (command: string) => object): Promise<void> {
  const state = mkdtempSync(join(tmpdir(), `vm-qmp-${'long-'.repeat(20)}`));
  const before = process.env.XDG_STATE_HOME;
  process.env.XDG_STATE_HOME = state;
  const { run } = vmPaths('dev', 'base');
  mkdirSync(run, { recursive: true });
  const server = createServer((socket) => {
    socket.write(
      '{"QMP": {"version": {"qemu": {"major": 7, "minor": 2, "micro": 0}}, "capabilities": []}}\r\n',
    );
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      const { execute, id } = JSON.parse(chunk);
      socket.write('{"event": "POWERDOWN", "data": {}}\r\n');
      const said = execute === 'qmp_capabilities' ? { return: {} } : answer(execute);
      socket.write(`${JSON.stringify({ ...said, id })}\r\n`);
    });
  });
  // As QEMU does: by a relative name, in its own folder.
  const cwd = process.cwd();
  process.chdir(run);
  await new Promise<void>((resolve) => server.listen('monitor', resolve));
  process.chdir(cwd);
  t.after(() => {
    server.close();
    process.env.XDG_STATE_HOME = before;
    if (before === undefined) delete process.env.XDG_STATE_HOME;
    rmSync(state, { recursive: true, force: true });
  });
}

test('a command is answered after the negotiation, and events are ignored', async (t) => {
  await monitor(t, (command) => ({ return: { status: command } }));
  assert.deepEqual(await runQmp('dev', 'base', { execute: 'query-status' }), { status: 'query-status' });
});

test('a command that QEMU refuses is an error with its message', async (t) => {
  await monitor(t, () => ({ error: { class: 'CommandNotFound', desc: 'no such command' } }));
  await assert.rejects(
    runQmp('dev', 'base', { execute: 'fly' }),
    /command fly \[vm-failed\]\n.*no such command/,
  );
});

test('without a QEMU the result is undefined', async () => {
  assert.equal(await runQmp('no-such-stack', 'base', { execute: 'query-status' }), undefined);
});
