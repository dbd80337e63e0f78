import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { followFile } from '../../../../lib/base/follow-file.ts';

async function withFile(use: (file: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'follow-file-'));
  const file = join(folder, 'log');
  writeFileSync(file, 'zero\n');
  try {
    await use(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('lines are read as they come, whole, in their order', async () => {
  await withFile(async (file) => {
    const lines: string[] = [];
    let wake = () => {};
    const end = await followFile(file, (line) => {
      lines.push(line);
      wake();
    });
    const until = async (count: number) => {
      while (lines.length < count) await new Promise<void>((resolve) => (wake = resolve));
    };
    await until(1);
    appendFileSync(file, 'one\ntw');
    await until(2);
    appendFileSync(file, Buffer.from('o …\n').subarray(0, 3));
    appendFileSync(file, Buffer.from('o …\n').subarray(3));
    await until(3);
    await end();
    assert.deepEqual(lines, ['zero', 'one', 'two …']);
  });
});

test('what was written last is read at the end, also without a line end', async () => {
  await withFile(async (file) => {
    const lines: string[] = [];
    const end = await followFile(file, (line) => lines.push(line));
    const long = 'x'.repeat(1_000_000);
    appendFileSync(file, `${long}\nlast`);
    await end();
    assert.deepEqual(
      lines.map(({ length }) => length),
      [4, 1_000_000, 4],
    );
  });
});
