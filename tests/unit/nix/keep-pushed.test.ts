import assert from 'node:assert/strict';
import { existsSync, lutimesSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runToEnd } from '../../../lib/process.ts';

const script = new URL('../../../nix/modules/scripts/keep-pushed.sh', import.meta.url).pathname;
const roots = mkdtempSync(join(tmpdir(), 'nixos-fleet-roots-'));
const pushed = join(roots, 'nixos-fleet-pushed');
const kept = join(roots, 'nixos-fleet-kept');
after(() => rmSync(roots, { recursive: true }));

function push(name: string, path: string): void {
  mkdirSync(pushed, { recursive: true });
  rmSync(join(pushed, name), { force: true });
  symlinkSync(`/nix/store/${path}`, join(pushed, name));
}

function age(name: string, path: string, days: number): void {
  const then = new Date(Date.now() - days * 86_400_000);
  lutimesSync(join(kept, name, path), then, then);
}

async function keep(): Promise<void> {
  const env = { FLEET_ROOTS: roots, KEEP_DAYS: '30', KEEP_GENERATIONS: '2' };
  const { exitCode, stderr } = await runToEnd('sh', [script], { timeoutSeconds: 10, env });
  assert.equal(exitCode, 0, stderr);
}

const keptOf = (name: string) => (existsSync(join(kept, name)) ? readdirSync(join(kept, name)).sort() : []);

test('what was pushed before is kept for its days, the newest ones for ever, and what a machine left for its days', async () => {
  await keep();
  assert.equal(existsSync(kept), false);

  for (const path of ['a-1', 'a-2', 'a-3', 'a-4']) {
    push('web', path);
    await keep();
  }
  push('gone', 'g-1');
  await keep();
  assert.deepEqual(keptOf('web'), ['a-1', 'a-2', 'a-3', 'a-4']);

  // The newest two stay by their number, the third by its days.
  for (const [path, days] of [
    ['a-1', 40],
    ['a-2', 25],
    ['a-3', 20],
  ] as const)
    age('web', path, days);
  age('gone', 'g-1', 40);
  rmSync(join(pushed, 'gone'));
  await keep();
  assert.deepEqual(keptOf('web'), ['a-2', 'a-3', 'a-4']);
  assert.deepEqual(keptOf('gone'), []);
  assert.equal(existsSync(join(kept, 'gone')), false);

  // The pushed one is never old, and the one before it stays however old it is.
  for (const [path, days] of [
    ['a-2', 402],
    ['a-3', 401],
    ['a-4', 400],
  ] as const)
    age('web', path, days);
  await keep();
  assert.deepEqual(keptOf('web'), ['a-3', 'a-4']);
});

test('one that was pushed again counts from then', async () => {
  push('db', 'b-1');
  await keep();
  push('db', 'b-2');
  await keep();
  age('db', 'b-1', 400);
  push('db', 'b-1');
  await keep();
  push('db', 'b-3');
  await keep();
  assert.deepEqual(keptOf('db'), ['b-1', 'b-2', 'b-3']);
});
