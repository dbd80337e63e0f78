import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '../../../../../lib/base/errors.ts';
import { rebootInto } from '../../../../../lib/images/disk/boot-disk.ts';
import type { Machine } from '../../../../../lib/machine/ssh/machine.ts';
import { machineAt } from '../../../../../lib/machine/ssh/machine-at.ts';
import { connection } from '../../../../../schema/connection.ts';

const signal = new AbortController().signal;
const request = { timeoutSeconds: 60, signal, status: () => undefined };

function machine(run: () => ReturnType<Machine['run']>): Machine {
  const at = machineAt('web', connection.parse({ address: 'web.example.org' }));
  return { ...at, run, close: async () => undefined };
}

const after = machine(async () => ({ exitCode: 0, stdout: 'second\n', stderr: '' }));
const failing = (code: 'unreachable' | 'access-denied') =>
  machine(async () => {
    throw new FleetError({ code, what: 'the ssh connection failed', host: 'web' });
  });

test('a machine that goes down before it has answered is awaited', async () => {
  await rebootInto(failing('unreachable'), after, 'first', request);
});

test('a machine that refuses the login is not', async () => {
  await assert.rejects(rebootInto(failing('access-denied'), after, 'first', request), {
    code: 'access-denied',
  });
});
