import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import type { AnyResource } from '../../../../provider/resource.ts';
import { checkInputs } from '../../../../provider/service/check.ts';
import { unknown } from '../../../../provider/wire/unknown.ts';

const resource = {
  token: 'nixos:index:Test',
  inputs: z.object({
    host: z.string().min(1, 'must not be empty'),
    port: z.int().max(65535).default(22),
    labels: z.record(z.string(), z.string()).default({}),
    connection: z.strictObject({ user: z.string() }).optional(),
  }),
  check: (inputs: { host: string }) =>
    inputs.host === 'forbidden' ? { host: 'is forbidden', 'labels["a.b"]': 'too' } : {},
} as unknown as AnyResource;

test('inputs that fit come back with defaults', () => {
  assert.deepEqual(checkInputs(resource, { host: 'web' }), {
    inputs: { host: 'web', port: 22, labels: {} },
    failures: [],
  });
});

test('every bad property is named by its path, all together', () => {
  const { failures } = checkInputs(resource, {
    port: 'many',
    labels: { 'a.b': 1 },
    connection: { user: 'root', sshKey: 'x' },
    adress: '10.0.0.1',
  });
  assert.deepEqual(
    failures.map((failure) => failure.property),
    ['adress', 'host', 'port', 'labels["a.b"]', 'connection.sshKey'],
  );
  assert.match(failures[0]?.reason ?? '', /is not a property; there are: host, port/);
});

test("the resource's own checks come once the schema fits", () => {
  assert.deepEqual(checkInputs(resource, { host: 'forbidden' }).failures, [
    { property: 'host', reason: 'is forbidden' },
    { property: 'labels["a.b"]', reason: 'too' },
  ]);
});

test('unknown properties are set aside and put back; the rest is checked', () => {
  const { inputs, failures } = checkInputs(resource, { host: unknown, labels: { a: unknown, b: 1 } });
  assert.deepEqual(failures, []);
  assert.deepEqual(inputs, { host: unknown, labels: { a: unknown, b: 1 }, port: 22 });
  assert.deepEqual(
    checkInputs(resource, { host: unknown, port: 'x' }).failures.map((failure) => failure.property),
    ['port'],
  );
});

test('a property that is unknown and none of the schema’s is still named', () => {
  assert.deepEqual(
    checkInputs(resource, { host: 'web', adress: unknown }).failures.map((failure) => failure.property),
    ['adress'],
  );
});

test('a resource completes its inputs by the recorded ones, reports what it found, and refuses', () => {
  const completing = {
    ...resource,
    check: undefined,
    complete: (inputs: { host: string; port: number }, recorded?: { port: number }) => ({
      inputs: { ...inputs, port: recorded?.port ?? inputs.port },
      notes: ['a note'],
      ...(inputs.host === 'forbidden' ? { problems: { host: 'is forbidden' } } : {}),
    }),
  } as unknown as AnyResource;
  const { inputs, notes, failures } = checkInputs(completing, { host: 'web' }, { host: 'web', port: 23 });
  assert.deepEqual([inputs.port, notes, failures], [23, ['a note'], []]);
  const refused = checkInputs(completing, { host: 'forbidden' });
  assert.deepEqual(refused.failures, [{ property: 'host', reason: 'is forbidden' }]);
  const open = checkInputs(completing, { host: unknown }, { port: 23 });
  assert.deepEqual([open.inputs.port, open.notes], [22, undefined]);
});
