import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NixLog } from '../../../../../lib/store/nix/log-json.ts';

const drv = '/nix/store/8n6w406yg1mc5dalhnmr7y9a01l1ab83-nginx-1.28.0.drv';

function follow(events: object[], keptLines?: number) {
  const shown: string[] = [];
  const log = new NixLog({ keptLines, onProgress: (message) => shown.push(message) });
  for (const event of events) log.line(`@nix ${JSON.stringify(event)}`);
  return { log, shown };
}

test('a build is shown with its number among all builds', () => {
  const { shown } = follow([
    { action: 'start', id: 1, type: 104, text: '' },
    { action: 'result', id: 1, type: 105, fields: [2, 10, 1, 0] },
    { action: 'start', id: 2, type: 105, fields: [drv, '', 1, 1], text: `building '${drv}'` },
  ]);
  assert.deepEqual(shown, ['building 3/10: nginx-1.28.0']);
});

test('a build on another machine is shown with the machine', () => {
  const seen: (string | undefined)[] = [];
  const messages: string[] = [];
  const log = new NixLog({
    onProgress: (message) => messages.push(message),
    onBuild: (_, machine) => seen.push(machine),
  });
  const build = (id: number, machine: string) =>
    log.line(`@nix ${JSON.stringify({ action: 'start', id, type: 105, fields: [drv, machine, 1, 1] })}`);
  const stop = (id: number) => log.line(`@nix ${JSON.stringify({ action: 'stop', id })}`);
  build(1, 'ssh-ng://nix@big.example.org?ssh-key=/k');
  // The builder reports the same build.
  build(2, '');
  stop(2);
  stop(1);
  build(3, '');
  assert.deepEqual(seen, ['ssh-ng://nix@big.example.org', undefined]);
  assert.deepEqual(messages, ['building: nginx-1.28.0 on big.example.org', 'building: nginx-1.28.0']);
});

test('all builds that run are shown, the last of many by their number', () => {
  const start = (id: number, name: string, machine = '') => ({
    action: 'start',
    id,
    type: 105,
    fields: [drv.replace('nginx-1.28.0', name), machine, 1, 1],
  });
  const { shown } = follow([
    start(1, 'linux-6.12', 'ssh-ng://big.example.org'),
    start(2, 'curl'),
    { action: 'stop', id: 1 },
    ...['a', 'b', 'c', 'd', 'e', 'f'].map((name, index) => start(10 + index, name)),
  ]);
  assert.deepEqual(shown.slice(0, 3), [
    'building: linux-6.12 on big.example.org',
    'building: linux-6.12 on big.example.org, curl',
    'building: curl',
  ]);
  assert.deepEqual(shown.slice(-2), ['building: curl, a, b, c, d, e', 'building: curl, a, b, c, d, 2 more']);
});

test('a copy is shown with its paths and size once it has begun', () => {
  const { shown } = follow([
    { action: 'start', id: 1, type: 103, text: '' },
    { action: 'result', id: 1, type: 105, fields: [0, 80, 0, 0] },
    { action: 'result', id: 1, type: 105, fields: [0, 80, 1, 0] },
    { action: 'start', id: 2, type: 100, fields: ['/nix/store/x', 'a', 'b'] },
    { action: 'result', id: 2, type: 105, fields: [34 * 2 ** 20, 40 * 2 ** 20, 0, 0] },
    { action: 'stop', id: 2 },
    { action: 'result', id: 1, type: 105, fields: [1, 80, 1, 0] },
  ]);
  assert.deepEqual(shown, ['copying 0/80 paths', 'copying 0/80 paths, 34 MiB', 'copying 1/80 paths, 34 MiB']);
});

test('the last lines of a build log are kept, without colours', () => {
  const { log } = follow(
    [
      { action: 'start', id: 2, type: 105, fields: [drv] },
      ...['one', 'two', '\u001b[31mthree\u001b[0m'].map((line) => ({
        action: 'result',
        id: 2,
        type: 101,
        fields: [line],
      })),
    ],
    2,
  );
  assert.deepEqual(log.buildLog(drv), ['two', 'three']);
  assert.deepEqual(log.buildLog('/nix/store/other.drv'), []);
});

test('errors are kept apart from warnings and ssh’s messages; other messages are left out', () => {
  const { log } = follow([
    { action: 'msg', level: 0, msg: 'error: coloured', raw_msg: 'Cannot build' },
    { action: 'msg', level: 1, msg: 'mind this' },
    { action: 'msg', level: 3, msg: 'chatter' },
  ]);
  log.line('Host key verification failed.');
  log.line('@nix {broken');
  assert.deepEqual(log.errors, ['Cannot build']);
  assert.deepEqual(log.notes, ['mind this', 'Host key verification failed.', '@nix {broken']);
});
