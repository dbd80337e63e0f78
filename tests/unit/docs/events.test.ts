import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runEvent } from '../../../schema/run-event.ts';

test('the example in docs/events.md has events of the schema', () => {
  const page = readFileSync(new URL('../../../docs/events.md', import.meta.url), 'utf8');
  const [, example = ''] = /```json\n(.*?)```/s.exec(page) ?? [];
  const events = example
    .trim()
    .split('\n')
    .map((line) => runEvent.parse(JSON.parse(line)));
  assert.ok(events.length >= 8);
  assert.deepEqual([events[0]?.event, events.at(-1)?.event], ['run-began', 'run-ended']);
});
