/**
 * A kernel built twice through ccache in Nix's sandbox: with an empty cache, and after one symbol changed. The cache is a
 * folder of the computer that the sandbox shows; the source and the compiler are there before the clock runs.
 *
 * Usage: node bench/ccache.ts [SYMBOL=VALUE]     about ten minutes on two cores
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evalApply, nixString } from '../lib/nix-cli/eval.ts';
import { flakeMetadata } from '../lib/nix-cli/flake.ts';
import { nix } from '../lib/nix-cli/nix.ts';
import { kernelFixture } from '../tests/fixtures/kernels/request.ts';

const atMost = 0.35;
const [symbol = 'PRINTK_TIME', value = 'y'] = process.argv[2]?.split('=') ?? [];

/** Derivations of the kernel, of its configuration and of all else that its build needs. */
async function instantiate(directory: string, change: string): Promise<{ kernel: string; config: string }> {
  const { flakeRef, overrides } = await flakeMetadata(await kernelFixture());
  const { exitCode, stdout, stderr } = await evalApply({
    flakeRef,
    overrides,
    attribute: 'kernels',
    apply: `kernels: let kernel = kernels.buildLinux { ccacheDirectory = ${nixString(directory)}; structuredExtraConfig = ${change}; };
      in { kernel = kernel.drvPath; config = kernel.configfile.drvPath; }`,
  });
  if (exitCode !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** Seconds that the build of a derivation takes, and ccache's own count of what it had. */
async function build(drvPath: string, directory: string): Promise<{ seconds: number; hits: string }> {
  const begun = Date.now();
  const { exitCode, stderr } = await nix(
    ['build', '--no-link', '-L', '--option', 'extra-sandbox-paths', directory, `${drvPath}^out`],
    { timeoutSeconds: 3600 },
  );
  if (exitCode !== 0) throw new Error(stderr.slice(-2000));
  const count = (name: string) => Number(new RegExp(`${name}\\s+(\\d+)`).exec(stderr)?.[1] ?? 0);
  const hits = count('direct_cache_hit') + count('preprocessed_cache_hit');
  return {
    seconds: (Date.now() - begun) / 1000,
    hits: `${hits} hits, ${count('cache_miss')} misses in all`,
  };
}

const directory = await mkdtemp(join(tmpdir(), 'nixos-fleet-ccache-'));
try {
  const cold = await instantiate(directory, '{ }');
  const changed = await instantiate(directory, `{ ${symbol} = ${nixString(value)}; }`);
  await build(cold.config, directory);
  await build(changed.config, directory);
  const first = await build(cold.kernel, directory);
  console.log(`cold: ${first.seconds.toFixed(1)} s (${first.hits})`);
  const second = await build(changed.kernel, directory);
  console.log(`after ${symbol}=${value}: ${second.seconds.toFixed(1)} s (${second.hits})`);
  const ratio = second.seconds / first.seconds;
  console.log(`ccache: ratio ${ratio.toFixed(3)}, at most ${atMost}`);
  process.exitCode = ratio <= atMost ? 0 : 1;
} finally {
  await rm(directory, { recursive: true });
}
