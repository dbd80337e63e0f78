import type { LockedFlake } from './flake.ts';
import { nix } from './nix.ts';

export interface ApplyRequest {
  flake: Pick<LockedFlake, 'flakeRef' | 'overrides'>;
  /** Exact attribute path in the flake. */
  attribute: string;
  /** Text of a Nix function that takes the attribute's value. */
  apply: string;
  /** Memory that the evaluator may fill before it collects garbage, MiB. */
  heapMiB?: number;
  signal?: AbortSignal;
  onStderrLine?: (line: string) => void;
}

/** A larger first heap saves no more time, and may be refused where memory is limited otherwise. */
const largestHeapMiB = 3072;

/**
 * Evaluates a function of a flake's attribute, writing the derivations it meets to the store so that they can be built
 * without a second evaluation. Returns what nix printed, whatever its exit code.
 */
export function evalApply(request: ApplyRequest) {
  const { flake, attribute, apply, heapMiB, signal, onStderrLine } = request;
  const installable = `${flake.flakeRef}#.${attribute}`;
  return nix(['eval', '--json', '--no-eval-cache', installable, '--apply', apply, ...flake.overrides], {
    ...(heapMiB
      ? { env: { GC_INITIAL_HEAP_SIZE: `${Math.round(Math.min(heapMiB, largestHeapMiB))}M` } }
      : {}),
    ...(signal ? { signal } : { timeoutSeconds: 24 * 3600 }),
    onStderrLine,
  });
}

/** A Nix string literal. */
export function nixString(value: string): string {
  return `"${value
    .replace(/[\\"]|\$(?=\{)/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')}"`;
}

/** A Nix attribute set of strings. */
export function nixStrings(values: Record<string, string>): string {
  const entries = Object.entries(values).map(([name, value]) => `${nixString(name)} = ${nixString(value)};`);
  return `{ ${entries.join(' ')} }`;
}
