/**
 * Previews of N hosts whose facts are cached and whose machines do not exist: all of them without a rollout, in ten waves, by
 * `npm run fleet`, and a tenth of them by `--on`; the memory of the program and of the provider.
 *
 * Usage: node bench/rollout.ts [hosts] (100)
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { markdownTable } from '../lib/base/table.ts';
import { compare } from './measure.ts';
import { peakMemory } from './peak-memory.ts';
import { fleetStack, type Stack } from './stacks.ts';

const runs = Number(process.env.BENCH_RUNS ?? 5);
const hosts = Number(process.argv[2] ?? 100);
const parts = Array.from({ length: 10 }, (_, index) => index);
const waves = parts.map((part) => ({ hosts: `@part${part}`, atOnce: 3, failuresAllowed: 1, soakMinutes: 5 }));

const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-bench-'));
try {
  const made = async (name: string, more: object) => {
    const backend = join(folder, `${name}-backend`);
    mkdirSync(backend);
    return (await fleetStack(join(folder, name), backend, hosts, more)).stack;
  };
  const whole = await made('whole', {});
  const inWaves = await made('waves', { rollout: { waves } });
  const memoryOf = async ({ folder: own }: Stack, preview: () => Promise<void>) => {
    const { program, provider } = await peakMemory(
      {
        program: `${own}/node_modules/@pulumi/pulumi/cmd/run`,
        provider: `${own}/provider/main.ts`,
      },
      preview,
    );
    return [`${program.toFixed(0)} MiB`, `${provider.toFixed(0)} MiB`];
  };
  const rows: string[][] = [];
  for (const [name, stack, preview] of [
    ['in ten waves', inWaves, inWaves.preview],
    ['in ten waves, by npm run fleet', inWaves, () => inWaves.previewFleet()],
    ['a tenth, by npm run fleet --on', inWaves, () => inWaves.previewFleet('@part3')],
  ] as const) {
    const { a, b, ratio } = await compare(preview, whole.preview, runs);
    rows.push([
      name,
      `${a.toFixed(2)} s`,
      `${b.toFixed(2)} s`,
      ratio.toFixed(2),
      ...(await memoryOf(stack, preview)),
    ]);
  }
  console.log(
    markdownTable([`preview of ${hosts} hosts`, 'time', 'all at once', 'ratio', 'program', 'provider'], rows),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
