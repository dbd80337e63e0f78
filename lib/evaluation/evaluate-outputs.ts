import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type FleetError, isFailure } from '../base/errors.ts';
import { readJson, writeWhole } from '../base/files.ts';
import { cacheRoot } from '../base/home.ts';
import { evalApply, nixString } from '../store/nix/eval.ts';
import { type FlakeMetadata, type FlakeRequest, flakeMetadata } from '../store/nix/flake.ts';
import { requireNix } from '../store/nix/version.ts';
import { evaluationError } from './host-error.ts';

/** One thing that a machine's configuration can build, beside its system. */
export interface OutputRequest {
  /** Attribute under nixosConfigurations. */
  configuration: string;
  /** Attribute path under the configuration's `config`, such as `['system', 'build', 'vm']`. */
  attribute: readonly string[];
}

const evaluatedOutput = z.object({ drvPath: z.string(), outPath: z.string() });
type EvaluatedOutput = z.infer<typeof evaluatedOutput>;

/** What was evaluated by the names of the requests, and why the others could not be. */
export interface EvaluatedOutputs {
  outputs: Record<string, EvaluatedOutput>;
  failures: FleetError[];
}

/**
 * The derivations of outputs of machines' configurations; nothing is built. What did not change since comes from the cache.
 * One that fails (`evaluation-failed`, `flake-invalid`) is an entry of the answer, and the others go on.
 */
export async function evaluateOutputs(
  request: FlakeRequest & { outputs: Readonly<Record<string, OutputRequest>> },
): Promise<EvaluatedOutputs> {
  const evaluated: EvaluatedOutputs = { outputs: {}, failures: [] };
  if (Object.keys(request.outputs).length === 0) return evaluated;
  const [nixVersion, flake] = await Promise.all([requireNix(), flakeMetadata(request)]);
  // One after the other: each is an evaluator that takes its memory.
  for (const [name, output] of Object.entries(request.outputs)) {
    const key = JSON.stringify([flake.identity, nixVersion, output.configuration, output.attribute]);
    const file = join(
      cacheRoot(),
      'outputs',
      `${createHash('sha256').update(key).digest('hex').slice(0, 40)}.json`,
    );
    try {
      const found = (await cached(file)) ?? (await evaluate(name, output, flake, request.signal));
      evaluated.outputs[name] = found;
      await writeWhole(file, JSON.stringify(found)).catch(() => undefined);
    } catch (error) {
      if (!isFailure(error)) throw error;
      evaluated.failures.push(error);
    }
  }
  return evaluated;
}

async function evaluate(
  name: string,
  { configuration, attribute }: OutputRequest,
  flake: FlakeMetadata,
  signal?: AbortSignal,
): Promise<EvaluatedOutput> {
  const path = [configuration, 'config', ...attribute].map(nixString).join('.');
  const { exitCode, stdout, stderr } = await evalApply({
    flakeRef: flake.flakeRef,
    overrides: flake.overrides,
    attribute: 'nixosConfigurations',
    // A list, for an attribute set with an outPath would be written as that.
    apply: `all: let it = all.${path}; plain = builtins.unsafeDiscardStringContext; in [ (plain it.drvPath) (plain it.outPath) ]`,
    ...(signal ? { signal } : {}),
  });
  if (exitCode !== 0) throw evaluationError(name, configuration, flake, stderr, attribute);
  const [drvPath, outPath] = JSON.parse(stdout) as string[];
  return evaluatedOutput.parse({ drvPath, outPath });
}

/** Garbage collection may have taken the derivation: then it must be evaluated again to be built. */
async function cached(file: string): Promise<EvaluatedOutput | undefined> {
  try {
    const output = await readJson(file, evaluatedOutput);
    if (output) await access(output.drvPath);
    return output;
  } catch {
    return undefined;
  }
}
