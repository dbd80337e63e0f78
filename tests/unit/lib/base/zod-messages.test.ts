import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { zodMessages } from '../../../../lib/base/zod-messages.ts';

const schema = z.object({
  waitSeconds: z.int().min(2).default(2),
  enabled: z.boolean().default(true),
  mode: z.enum(['fast', 'safe']).default('fast'),
  name: z.string().default(''),
  either: z.union([z.boolean(), z.array(z.string())]).default(true),
  units: z.array(z.string()).min(1).default(['a']),
  hosts: z.record(z.string().regex(/^h/, 'must begin with h'), z.int()).default({}),
  password: z.int().default(1),
});

function messages(value: object, showValues = true): string[] {
  const { error } = schema.safeParse(value, { error: zodMessages({ showValues }) });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

test('a message says what the value must be, with its unit, and what it is', () => {
  for (const [value, message] of [
    [{ waitSeconds: 'soon' }, "waitSeconds: must be a number of seconds, not the text 'soon'"],
    [{ waitSeconds: 2.5 }, 'waitSeconds: must be a whole number of seconds, not 2.5'],
    [{ waitSeconds: 1 }, 'waitSeconds: must be at least 2 seconds'],
    [{ enabled: 'yes' }, "enabled: must be true or false, not the text 'yes'"],
    [{ mode: 'slow' }, "mode: must be fast or safe, not the text 'slow'"],
    [{ name: 5 }, 'name: must be text, not a number: in YAML, put it in quotes'],
    [{ name: ['a'] }, 'name: must be text, not a list'],
    [{ either: 5 }, 'either: must be true or false, or a list, not 5'],
    [{ units: 'a' }, "units: must be a list, not the text 'a'"],
    [{ units: [] }, 'units: must not be empty'],
    [{ hosts: null }, 'hosts: must be a group of keys, not empty'],
    [{ hosts: { web: 1 } }, 'hosts.web: cannot have this name: it must begin with h'],
  ] as const)
    assert.deepEqual(messages(value), [message]);
});

test('a value is not shown where it may be a secret, or is long', () => {
  assert.deepEqual(messages({ password: 'hunter2' }), ['password: must be a number, not text']);
  assert.deepEqual(messages({ hosts: { htoken: 'hunter2' } }), ['hosts.htoken: must be a number, not text']);
  assert.deepEqual(messages({ enabled: 'x'.repeat(41) }), ['enabled: must be true or false, not text']);
  assert.deepEqual(messages({ enabled: 'yes' }, false), ['enabled: must be true or false, not text']);
});

test('a missing value is missing', () => {
  const { error } = z.object({ disk: z.string() }).safeParse({}, { error: zodMessages() });
  assert.equal(error?.issues[0]?.message, 'is missing');
});
