import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { statusDocumentOf } from '../../../../commands/status/document.ts';
import type { MachineStatus } from '../../../../commands/status/status-report.ts';
import {
  changesView,
  documentView,
  type Reading,
  screenView,
  watch,
} from '../../../../commands/status/watch.ts';
import { FleetError } from '../../../../lib/base/errors.ts';
import { parseReading } from '../../../../lib/machine/parse-reading.ts';
import { parseHistory } from '../../../../lib/machine/record/history.ts';
import { Reply } from '../../../../lib/machine/script/reply.ts';
import { connection } from '../../../../schema/connection.ts';
import { statusDocument } from '../../../../schema/status.ts';
import { someResult } from '../../../fixtures/activation-result.ts';
import { FakeClock } from '../../fake-clock.ts';

const system = (letter: string) => `/nix/store/${letter.repeat(32)}-nixos-system`;
const at = (second: number) => new Date(Date.UTC(2026, 10, 28, 20, 0, second));

function running(host: string, letter: string, history = ''): MachineStatus {
  const stdout = `machine-id=m\nsystem=${system(letter)}\nprofile=${system(letter)}\ngeneration=7\nsince=1790000000\nend=yes\n`;
  const machine = { host, connection: connection.parse({ address: host }), system: system('a') };
  return {
    machine,
    reading: parseReading(new Reply(host, { stdout })),
    history: parseHistory(history),
  };
}

function off(host: string): MachineStatus {
  const { machine } = running(host, 'a');
  return { machine, error: new FleetError({ code: 'unreachable', what: 'no', why: 'refused' }) };
}

const deployment = (endedAt: number) =>
  JSON.stringify(someResult({ system: system('b'), startedAt: endedAt, endedAt }));

test('without a terminal each change is a line', () => {
  let text = '';
  const view = changesView((more) => {
    text += more;
  });
  const readings: Reading[] = [
    { statuses: [running('db', 'a'), running('web', 'a')] },
    { statuses: [running('db', 'a'), running('web', 'a')] },
    { statuses: [off('db'), running('web', 'b', deployment(1790000000))] },
    { statuses: [off('db'), running('web', 'b', deployment(1790000000))], problem: 'no state' },
    { statuses: [running('db', 'a')] },
  ];
  for (const [second, reading] of readings.entries()) view.show(reading, at(second));
  const [table = '', ...lines] = text.split(/^(?=2026-)/m);
  assert.match(table, /^machine +live[\s\S]*\ndb +[\s\S]*\nweb +.*\n$/);
  assert.deepEqual(
    lines.map((line) => line.trimEnd()),
    [
      '2026-11-28 20:00:02 db: cannot be read: refused [unreachable]',
      '2026-11-28 20:00:02 web: live nixos-system (aaaaaaaa) → nixos-system (bbbbbbbb)',
      '2026-11-28 20:00:02 web: drift – → not nixos-system (aaaaaaaa), which is recorded',
      '2026-11-28 20:00:02 web: deployed 2026-09-21T14:13:20Z ann@laptop: nixos-system (bbbbbbbb): confirmed',
      '2026-11-28 20:00:03 no state',
      '2026-11-28 20:00:04 the state is read again',
      '2026-11-28 20:00:04 db: read again: live nixos-system (aaaaaaaa), generation 7, drift –, reboot –, since 2026-09-21 14:13:20',
      '2026-11-28 20:00:04 web: no longer selected',
    ],
  );
});

test('a screen has the newest reading, within its size, and the terminal is restored', () => {
  let text = '';
  const write = (more: string) => {
    text += more;
    return true;
  };
  const view = screenView({ write, rows: 5, columns: 30 });
  view.show({ statuses: ['a', 'b', 'c', 'd'].map((host) => running(host, 'a')) }, at(0));
  assert.ok(text.startsWith('\x1b[?1049h'));
  const [, screen = ''] = text.split('\x1b[H');
  const lines = stripVTControlCharacters(screen).split('\n');
  assert.equal(lines.length, 4);
  assert.ok(
    lines.every((line) => line.length <= 30),
    screen,
  );
  assert.match(lines[0] ?? '', /^2026-11-28 20:00:00 UTC/);
  assert.equal(lines[3], '… 4 more lines');
  view.end();
  assert.ok(text.endsWith('\x1b[?1049l'));
});

test('documents are printed where something has changed, and fit the schema', () => {
  const documents: unknown[] = [];
  const view = documentView(
    (text) => documents.push(JSON.parse(text)),
    (statuses, time) => JSON.stringify(statusDocumentOf(statuses, time)),
  );
  const same = [running('web', 'b', deployment(1790000000)), off('db')];
  for (const statuses of [same, same, [running('web', 'a'), off('db')]]) view.show({ statuses }, at(1));
  assert.equal(documents.length, 2);
  const [first, second] = documents.map((document) => statusDocument.parse(document).machines);
  assert.ok(first?.[0]?.readable && second?.[0]?.readable && first[1]?.readable === false);
  assert.deepEqual([first[0].drifted, second[0].drifted], [true, false]);
  assert.equal(first[0].deployments[0]?.endedAt, '2026-09-21T14:13:20.000Z');
  assert.deepEqual(first[1].error, { code: 'unreachable', what: 'no', why: 'refused' });
});

test('a watch reads at intervals until it is cancelled, also in the middle of a reading', async () => {
  const clock = new FakeClock();
  for (const cancelledWhile of ['waiting', 'reading']) {
    const interrupt = new AbortController();
    let readings = 0;
    let ended = 0;
    const watched = watch(
      () => {
        readings += 1;
        if (readings < 3) return Promise.resolve({ statuses: [] });
        interrupt.abort();
        if (cancelledWhile === 'waiting') return Promise.resolve({ statuses: [] });
        // As a pulumi that the terminal's interrupt ended.
        return Promise.reject(new FleetError({ code: 'command-failed', what: 'ended' }));
      },
      { show() {}, end: () => (ended += 1) },
      { seconds: 5, signal: interrupt.signal, clock, now: () => at(0) },
    );
    await clock.pass(0);
    await clock.pass(5000);
    await clock.pass(5000);
    await watched;
    assert.deepEqual([readings, ended], [3, 1]);
  }
  const bug = watch(
    () => Promise.reject(new TypeError('no')),
    { show() {}, end() {} },
    { seconds: 5, signal: new AbortController().signal, clock, now: () => at(0) },
  );
  await assert.rejects(bug, TypeError);
});
