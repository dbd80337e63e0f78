import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { Reply } from '../../../../../lib/machine/script/reply.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const reply = (stdout: string, stderr = '', exitCode = 0) => new Reply('web', { stdout, stderr, exitCode });

test('values are read as text, number, flag or list', () => {
  const read = reply('model=QEMU x=y\nfree=12\nnixos=yes\nserial=a\nserial=b\nempty=\nnoise\nend=yes\n');
  assert.equal(read.text('model'), 'QEMU x=y');
  assert.equal(read.text('serial'), 'a');
  assert.deepEqual(read.list('serial'), ['a', 'b']);
  assert.equal(read.number('free'), 12);
  assert.equal(read.number('model'), undefined);
  assert.deepEqual([read.flag('nixos'), read.flag('free'), read.flag('absent')], [true, false, false]);
  assert.deepEqual([read.has('empty'), read.has('absent'), read.has('noise')], [true, false, false]);
  assert.deepEqual([read.text('absent'), read.list('absent'), read.number('absent')], ['', [], undefined]);
  assert.equal(read.isWhole, true);
});

test('base64 and JSON are decoded, and what does not fit is undefined', () => {
  const read = reply(
    `log=${base64('zwei\nZeilen ä')}\nresult=${base64('{"code":4}')}\nbroken=${base64('{')}\n`,
  );
  assert.equal(read.decoded('log'), 'zwei\nZeilen ä');
  assert.equal(read.decoded('absent'), undefined);
  const schema = z.object({ code: z.number() });
  assert.deepEqual(read.json('result', schema), { code: 4 });
  assert.equal(read.json('result', z.object({ code: z.string() })), undefined);
  assert.equal(read.json('broken', schema), undefined);
  assert.equal(read.json('absent', schema), undefined);
});

test('an error names the machine, and prefers the script’s own reason to stderr', () => {
  const details = { code: 'secret-failed', what: 'the secret could not be written' } as const;
  const error = reply('failed=no room\n', 'sh: 3: noise\n', 3).error(details);
  assert.deepEqual([error.code, error.host, error.why], ['secret-failed', 'web', 'no room']);
  assert.equal(reply('', 'sh: 3: noise\n', 3).why(), 'sh: 3: noise');
  assert.equal(reply('', '', 3).why(), 'the script exited with code 3');
});

test('the error of an unreadable reply names the machine and what is missing', () => {
  assert.equal(reply('').why(), 'its reply lacks the line end=; it printed nothing');
  const details = { code: 'command-failed', what: 'the machine could not be read' } as const;
  const { host, why } = reply('uid=0\n').error(details, 'machine-id');
  assert.deepEqual([host, why], ['web', 'its reply lacks the line machine-id=; it printed: uid=0']);
});
