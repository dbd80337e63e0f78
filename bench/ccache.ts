/**
 * Builds a kernel twice through ccache in the Nix sandbox: with an empty cache, and after one symbol changed. The cache is a
 * folder outside the sandbox; source and compiler are fetched before the measurement. CPU time is compared, as builds share
 * the computer with other work.
 *
 * Usage: node bench/ccache.ts [SYMBOL=VALUE]     about ten minutes on two cores
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evalApply, nixString } from '../lib/store/nix/eval.ts';
import { lockFlake } from '../lib/store/nix/flake.ts';
import { nix } from '../lib/store/nix/nix.ts';
import { kernelFixture } from '../tests/fixtures/kernels/request.ts';

const atMost = 0.35;
const [symbol = 'PRINTK_TIME', value = 'y'] = process.argv[2]?.split('=') ?? [];

/** Derivations of the kernel and of its configuration. */
async function instantiate(directory: string, change: string): Promise<{ kernel: string; config: string }> {
  const flake = await lockFlake(await kernelFixture());
  const { exitCode, stdout, stderr } = await evalApply({
    flake,
    attribute: 'kernels',
    apply: `kernels: let kernel = kernels.buildLinux { ccacheDirectory = ${nixString(directory)}; postInstall = "times"; structuredExtraConfig = ${change}; };
      in { kernel = kernel.drvPath; config = kernel.configfile.drvPath; }`,
  });
  if (exitCode !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

interface Built {
  /** Elapsed time. */
  seconds: number;
  /** CPU time, user and system. */
  processorSeconds: number;
  /** Counted by ccache. */
  hits: number;
  misses: number;
}

/** Builds a derivation, and reads the statistics at the end of its log. */
async function build(drvPath: string, directory: string): Promise<Built> {
  const begun = Date.now();
  const { exitCode, stderr } = await nix(
    ['build', '--no-link', '-L', '--option', 'extra-sandbox-paths', directory, `${drvPath}^out`],
    { timeoutSeconds: 3600 },
  );
  if (exitCode !== 0) throw new Error(stderr.slice(-2000));
  const count = (name: string) => Number(new RegExp(`${name}\\s+(\\d+)`).exec(stderr)?.[1] ?? 0);
  return {
    seconds: (Date.now() - begun) / 1000,
    processorSeconds: [...stderr.matchAll(/(\d+)m([\d.]+)s (\d+)m([\d.]+)s$/gm)]
      .flatMap(([, ...parts]) => parts.map((part, index) => Number(part) * (index % 2 === 0 ? 60 : 1)))
      .reduce((sum, seconds) => sum + seconds, 0),
    hits: count('direct_cache_hit') + count('preprocessed_cache_hit'),
    misses: count('cache_miss'),
  };
}

function report(what: string, { seconds, processorSeconds, hits, misses }: Built): void {
  console.log(
    `${what}: ${seconds.toFixed(1)} s, ${processorSeconds.toFixed(1)} s CPU time; ${hits} hits and ${misses} misses so far`,
  );
}

const directory = await mkdtemp(join(tmpdir(), 'nixos-fleet-ccache-'));
try {
  const cold = await instantiate(directory, '{ }');
  const changed = await instantiate(directory, `{ ${symbol} = ${nixString(value)}; }`);
  await build(cold.config, directory);
  await build(changed.config, directory);
  const first = await build(cold.kernel, directory);
  report('cold', first);
  const second = await build(changed.kernel, directory);
  report(`after ${symbol}=${value}`, second);
  const ratio = second.processorSeconds / first.processorSeconds;
  console.log(`ccache: ratio ${ratio.toFixed(3)}, at most ${atMost}`);
  process.exitCode = ratio <= atMost ? 0 : 1;
} finally {
  await rm(directory, { recursive: true });
}
