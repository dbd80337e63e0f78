import { hasCode } from '../base/errors.ts';
import { evalApply, nixString, nixStrings } from '../store/nix/eval.ts';
import type { FactsRecord, Missing, RawFacts, RawKernel } from './raw-facts.ts';

export interface BatchRequest {
  flakeRef: string;
  overrides: readonly string[];
  /** Text of nix/facts.nix. */
  expression: string;
  /** Host name to attribute. */
  hosts: Record<string, string>;
  heapMiB: number;
  /** Ends at a host's failure, with Nix's own message. */
  strict: boolean;
  signal?: AbortSignal;
  onHost?: () => void;
}

export interface BatchResult {
  facts: Map<string, RawFacts>;
  kernels: RawKernel[];
  /** Hosts and images that the flake lacks, and the attributes it has. */
  missing: Map<string, Missing>;
  /** Hosts that failed, to be evaluated alone for the message. */
  failed: string[];
  /** Hosts that were not reached, because the evaluator ended before. */
  notReached: string[];
  /** What nix said, without the results; empty where it ended well. */
  stderr: string;
}

/** Evaluates hosts in one nix process; a host that fails is an entry of the answer. */
export async function runBatch(request: BatchRequest): Promise<BatchResult> {
  const { flakeRef, overrides, expression, hosts, heapMiB, strict, signal, onHost } = request;
  const mark = `nixos-fleet-${crypto.randomUUID()}`;
  const result: BatchResult = {
    facts: new Map(),
    kernels: [],
    missing: new Map(),
    failed: [],
    notReached: [],
    stderr: '',
  };
  const other: string[] = [];
  const begun: string[] = [];
  const onStderrLine = (line: string) => {
    const at = line.indexOf(mark);
    // Nix shows the expression of a trace's position too, with the mark in it.
    const record = at === 'trace: '.length ? parseRecord(line.slice(at + mark.length)) : undefined;
    if (record === undefined) other.push(line);
    else if ('begin' in record) begun.push(record.begin);
    else if ('kernel' in record) result.kernels.push(record.kernel);
    else {
      if ('facts' in record) result.facts.set(record.host, record.facts);
      else if ('missing' in record) result.missing.set(record.host, record);
      else result.failed.push(record.host);
      onHost?.();
    }
  };
  const apply = `(${expression}\n) { mark = ${nixString(mark)}; strict = ${strict}; hosts = ${nixStrings(hosts)}; }`;
  let ended = false;
  try {
    const { exitCode } = await evalApply({
      flakeRef,
      attribute: 'nixosConfigurations',
      apply,
      overrides,
      heapMiB,
      signal,
      onStderrLine,
    });
    ended = exitCode === 0;
  } catch (error) {
    // An evaluator that was killed, mostly for want of memory, must not end the others' work.
    if (!hasCode(error, 'command-failed')) throw error;
    other.push(`error: ${error.message}`);
  }
  if (!ended) {
    const done = new Set([...result.facts.keys(), ...result.missing.keys(), ...result.failed]);
    result.failed.push(...begun.filter((host) => !done.has(host)));
    const reached = new Set([...done, ...begun]);
    result.notReached.push(...Object.keys(hosts).filter((host) => !reached.has(host)));
    result.stderr = other.join('\n');
  }
  return result;
}

function parseRecord(text: string): FactsRecord | undefined {
  try {
    return JSON.parse(text) as FactsRecord;
  } catch {
    return undefined;
  }
}
