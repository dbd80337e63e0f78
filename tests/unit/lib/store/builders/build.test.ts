import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summaryOf } from '../../../../../lib/store/builders/build.ts';
import { builders } from '../../../../../schema/builder.ts';

const declared = builders.parse({
  big: { address: '192.0.2.7', hostKey: 'ssh-ed25519 AAAA', systems: ['x86_64-linux'] },
});
const drv = (name: string) => `/nix/store/8n6w406yg1mc5dalhnmr7y9a01l1ab83-${name}.drv`;

test('the summary names declared builders, other machines by their URI, and the newest builds first', () => {
  const builtOn = new Map([
    ...['a', 'b', 'c', 'd', 'e', 'f'].map((name): [string, string] => [drv(name), 'ssh-ng://root@192.0.2.7']),
    [drv('g'), 'ssh://other'] as [string, string],
    [drv('h'), undefined] as [string, undefined],
  ]);
  assert.equal(
    summaryOf(builtOn, declared),
    'built on big: 6 derivations (f, e, d, c, b, …); ssh://other: 1 derivation (g); here: 1',
  );
});

test('there is no summary if everything was built here', () => {
  assert.equal(summaryOf(new Map([[drv('a'), undefined]]), declared), undefined);
});
