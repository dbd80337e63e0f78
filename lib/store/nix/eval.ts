import type { LockedFlake } from './flake.ts';
import { nix } from './nix.ts';

export interface ApplyRequest {
  flake: Pick<LockedFlake, 'flakeRef' | 'overrides'>;
  /** Exact attribute path in the flake. */
  attribute: string;
  /** Text of a Nix function that takes the attribute's value. */
  apply: string;
  /** Initial heap of the evaluator: memory that it fills before it first collects garbage, MiB. */
  heapMiB?: number;
  /** Further arguments. */
  arguments?: readonly string[];
  signal?: AbortSignal;
  onStderrLine?: (line: string) => void;
}

/** A larger initial heap saves no more time, and fails under some memory limits. */
const largestHeapMiB = 3072;

/**
 * Applies a Nix function to a flake's attribute. The derivations that it evaluates are written to the store, so that they can be
 * built without a second evaluation. Returns nix's output and exit code; does not throw if nix fails.
 */
export function evalApply(request: ApplyRequest) {
  const { flake, attribute, apply, heapMiB, signal, onStderrLine } = request;
  const installable = `${flake.flakeRef}#.${attribute}`;
  const more = [...(request.arguments ?? []), ...flake.overrides];
  return nix(['eval', '--json', '--no-eval-cache', installable, '--apply', apply, ...more], {
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
