import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { FleetError } from '../../../../lib/base/errors.ts';
import { withConsole } from '../../../../lib/local/vm/console.ts';
import { vmPaths } from '../../../../lib/local/vm/paths.ts';
import { withoutSecrets, writeVmRecord } from '../../../../lib/local/vm/record.ts';
import { virtualMachineInputs } from '../../../../schema/virtual-machine.ts';

const state = mkdtempSync(join(tmpdir(), 'nixos-fleet-console-'));
process.env.XDG_STATE_HOME = state;
after(() => rmSync(state, { recursive: true }));

const address = '127.0.0.1';
const notBack = new FleetError({ code: 'reboot-failed', what: 'not back', host: 'one', why: 'no answer' });

/** A server that greets everyone with a text, at a port of its own. */
async function listen(greeting: string) {
  const server = createServer((socket) => socket.end(greeting));
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const port = (server.address() as { port: number }).port;
  return { port, close: () => new Promise((resolve) => server.close(resolve)) };
}

async function recordMachine(port: number): Promise<void> {
  const inputs = virtualMachineInputs.parse({
    stack: 'dev',
    name: 'one',
    image: '/image',
    forwardPorts: { ssh: { host: port, guest: 22 } },
  });
  await writeVmRecord({ inputs: withoutSecrets(inputs), identityFile: '/key', accelerator: 'tcg' });
  writeFileSync(vmPaths('dev', 'one').console, 'booting\r\n\u001b[0;31mKernel panic\u001b[0m\r\n');
}

test('the error of a virtual machine that does not come back has the end of its console', async () => {
  const silent = await listen('');
  await recordMachine(silent.port);
  const error = await withConsole(notBack, { address, port: silent.port });
  assert.ok(error instanceof FleetError);
  assert.equal(
    error.message,
    `one: not back [reboot-failed]\n  why:  no answer\n        the end of its console (${vmPaths('dev', 'one').console}):\n        booting\n        Kernel panic`,
  );
  // Neither that of another machine, nor another error.
  assert.equal(await withConsole(notBack, { address: '192.0.2.1', port: silent.port }), notBack);
  const other = new Error('other');
  assert.equal(await withConsole(other, { address, port: silent.port }), other);
  await silent.close();
});

test('the console is left out if the machine answers', async () => {
  const sshd = await listen('SSH-2.0-test\r\n');
  await recordMachine(sshd.port);
  assert.equal(await withConsole(notBack, { address, port: sshd.port }), notBack);
  await sshd.close();
});
