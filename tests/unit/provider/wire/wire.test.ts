import assert from 'node:assert/strict';
import { test } from 'node:test';
import sdk from '@pulumi/pulumi/runtime/rpc.js';
import struct from 'google-protobuf/google/protobuf/struct_pb.js';
import { Secrets } from '../../../../provider/wire/secrets.ts';
import { containsUnknown, unknown } from '../../../../provider/wire/unknown.ts';
import { decode, encode } from '../../../../provider/wire/wire.ts';

const secretOf = (value: struct.JavaScriptValue) => ({
  [sdk.specialSigKey]: sdk.specialSecretSig,
  value,
});
const message = (value: Record<string, struct.JavaScriptValue>) => struct.Struct.fromJavaScript(value);

test('plain values go through both ways', () => {
  const value = {
    text: 'a',
    number: 1.5,
    no: false,
    nothing: null,
    list: [1, 'b', { c: true }],
    map: { d: {} },
  };
  assert.deepEqual(decode(message(value)).properties, value);
  assert.deepEqual(encode(value).toJavaScript(), value);
});

test('no message is no properties', () => {
  assert.deepEqual(decode(undefined).properties, {});
});

test("the engine's mark for unknown becomes a marker, and back", () => {
  const { properties } = decode(message({ a: sdk.unknownValue, b: { c: [sdk.unknownValue, 'x'] } }));
  assert.deepEqual(properties, { a: unknown, b: { c: [unknown, 'x'] } });
  assert.equal(containsUnknown(properties.b), true);
  assert.equal(containsUnknown({ x: ['y'] }), false);
  assert.deepEqual(encode(properties).toJavaScript(), {
    a: sdk.unknownValue,
    b: { c: [sdk.unknownValue, 'x'] },
  });
});

test('secrets are unwrapped, and wrapped again at the same path', () => {
  const wired = { key: secretOf('hunter2'), nested: { deep: secretOf({ a: 'one', b: 2 }) }, open: 'text' };
  const { properties, secrets } = decode(message(wired));
  assert.deepEqual(properties, { key: 'hunter2', nested: { deep: { a: 'one', b: 2 } }, open: 'text' });
  assert.deepEqual(encode(properties, secrets).toJavaScript(), wired);
});

test('the content of a secret is secret elsewhere too', () => {
  const { secrets } = decode(message({ password: secretOf('correct horse') }));
  assert.deepEqual(
    encode(
      { url: 'https://u:correct horse@host', copy: 'correct horse', other: 'horse' },
      secrets,
    ).toJavaScript(),
    {
      url: secretOf('https://u:correct horse@host'),
      copy: secretOf('correct horse'),
      other: 'horse',
    },
  );
});

test('a short secret is found as a whole text only', () => {
  const { secrets } = decode(message({ pin: secretOf('12') }));
  assert.deepEqual(encode({ pin: '12', other: 'x12' }, secrets).toJavaScript(), {
    pin: secretOf('12'),
    other: 'x12',
  });
});

test('an unknown secret stays secret and unknown', () => {
  const wired = { key: secretOf(sdk.unknownValue) };
  const { properties, secrets } = decode(message(wired));
  assert.equal(properties.key, unknown);
  assert.deepEqual(encode(properties, secrets).toJavaScript(), wired);
});

test('undefined members are left out', () => {
  assert.deepEqual(encode({ a: undefined, b: { c: undefined, d: 1 } }).toJavaScript(), { b: { d: 1 } });
});

test('redaction hides every secret in a text, the longest first', () => {
  const secrets = new Secrets();
  secrets.add(['a'], 'pass');
  secrets.add(['b'], { c: 'password' });
  assert.equal(secrets.redact('the password is no pass'), 'the [secret] is no [secret]');
});

test('of two sets of secrets, paths of the second can be left out', () => {
  const first = decode(message({ a: secretOf('alpha-secret') })).secrets;
  const second = decode(message({ b: secretOf('beta-secret') })).secrets;
  assert.deepEqual(encode({ a: 'x', b: 'y', c: 'beta-secret' }, first.with(second, false)).toJavaScript(), {
    a: secretOf('x'),
    b: 'y',
    c: secretOf('beta-secret'),
  });
  assert.deepEqual(encode({ b: 'y' }, first.with(second)).toJavaScript(), { b: secretOf('y') });
});

test('a key called __proto__ is a key like any other', () => {
  const wired = message({});
  wired.getFieldsMap().set('__proto__', struct.Value.fromJavaScript('x'));
  const { properties } = decode(wired);
  assert.equal(Object.getPrototypeOf(properties), Object.prototype);
});
