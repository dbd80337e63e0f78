import { mapValues } from '../base/map-values.ts';
import { ProcessError } from '../base/process/process-error.ts';
import { evalApply, nixString, nixStrings } from '../store/nix/eval.ts';
import type { LockedFlake } from '../store/nix/flake.ts';
import type { FactsRecord, Missing, RawDerivation, RawFacts, RawKernel } from './raw-facts.ts';
import type { HostReads } from './reads/attribute-reads.ts';
import { observeEval, readLogLine } from './reads/observed-eval.ts';
import type { Tree } from './reads/tree.ts';
import { formatTarget, type Target } from './target.ts';
import { EvaluationWarnings, withWarnings } from './warnings.ts';

export interface BatchRequest {
  flake: LockedFlake;
  /** Text of nix/facts.nix. */
  expression: string;
  /** Targets by name. */
  targets: Readonly<Record<string, Target>>;
  heapMiB: number;
  /** The flake's files, to observe which are read. */
  tree?: Tree;
  signal?: AbortSignal;
  /** Called as each target is done. */
  onTarget?: () => void;
  /** Called for each derivation that an observed evaluation instantiates. */
  onDerivation?: (drvPath: string) => void;
}

export interface BatchResult {
  facts: Map<string, RawFacts>;
  outputs: Map<string, RawDerivation>;
  kernels: RawKernel[];
  /** Targets that are not in the flake, and the names that are. */
  missing: Map<string, Missing>;
  /** What each target that ended has read; undefined if that is not known. */
  reads?: ReadonlyMap<string, HostReads>;
  /** Whether the flake's files were written meanwhile, as far as that was observed. */
  written: boolean;
  /** Targets that are no NixOS systems, and the names of their attributes. */
  foreign: Map<string, readonly string[]>;
  /** The target that ended the batch by its failure. */
  failed: string[];
  /** Targets that were not reached, because the evaluator ended before. */
  notReached: string[];
  /** nix's messages, without the results; empty if it succeeded. */
  stderr: string;
  /** The evaluator was killed, mostly because it ran out of memory, or took too long: a smaller batch may succeed. */
  killed?: ProcessError;
}

/** Evaluates targets in one nix process. Failures are returned, not thrown. */
export async function runBatch(request: BatchRequest): Promise<BatchResult> {
  const { flake, expression, targets, heapMiB, tree, signal, onTarget, onDerivation } = request;
  const mark = `nixos-fleet-${crypto.randomUUID()}`;
  const observed = tree && (await observeEval(flake, tree, mark));
  const result: BatchResult = {
    facts: new Map(),
    outputs: new Map(),
    kernels: [],
    missing: new Map(),
    foreign: new Map(),
    failed: [],
    notReached: [],
    stderr: '',
    written: false,
  };
  const other: string[] = [];
  /** The last lines that builds of this evaluation have printed. */
  let buildLog: string[] = [];
  const warnings = new EvaluationWarnings();
  const begun: string[] = [];
  const onStderrLine = (line: string) => {
    const at = line.indexOf(mark);
    // Nix also prints the source lines of a trace, which contain the mark.
    const record = at === 'trace: '.length ? parseRecord(line.slice(at + mark.length)) : undefined;
    if (record === undefined) {
      if (!warnings.line(line)) other.push(line);
    } else if ('begin' in record) {
      warnings.end();
      begun.push(record.begin);
    } else if ('kernel' in record) result.kernels.push(record.kernel);
    else if ('started' in record) observed?.observer.started(record.started);
    else if ('use' in record) observed?.observer.used(record.use);
    else if ('end' in record) observed?.observer.ended(record.end);
    else {
      if ('facts' in record) result.facts.set(record.host, withWarnings(record.facts, warnings.take()));
      else if ('output' in record) result.outputs.set(record.host, record.output);
      else if ('missing' in record) result.missing.set(record.host, record);
      else result.foreign.set(record.host, record.foreign);
      onTarget?.();
    }
  };
  const order = `[ ${Object.keys(targets).map(nixString).join(' ')} ]`;
  const facts = `(${expression}\n) { mark = ${nixString(mark)}; order = ${order}; hosts = ${nixStrings(mapValues(targets, formatTarget))};`;
  const apply = observed
    ? `flake: let observed = ${observed.observe} flake; in builtins.seq observed.configurations (${facts} inherit (observed) pulse; } observed.configurations)`
    : `${facts} }`;
  const debug = (text: string) => {
    const drvPath = observed?.observer.debugMessage(text);
    if (drvPath !== undefined) onDerivation?.(drvPath);
  };
  const built = (line: string) => {
    buildLog = [...buildLog.slice(-9), line];
  };
  let ended = false;
  try {
    const { exitCode } = await evalApply({
      flake: observed?.flake ?? flake,
      attribute: observed?.attribute ?? 'nixosConfigurations',
      apply,
      arguments: observed?.arguments,
      heapMiB,
      signal,
      onStderrLine: observed
        ? (line) => readLogLine(line, { shown: onStderrLine, built, debug })
        : onStderrLine,
    });
    ended = exitCode === 0;
  } catch (error) {
    // An evaluator that was killed, mostly because it ran out of memory, must not end the other batches.
    if (!(error instanceof ProcessError) || error.code !== 'command-failed') throw error;
    result.killed = error;
  } finally {
    result.reads = observed?.observer.end();
    result.written = observed?.observer.written ?? false;
  }
  if (!ended) {
    const done = new Set([
      ...result.facts.keys(),
      ...result.outputs.keys(),
      ...result.missing.keys(),
      ...result.foreign.keys(),
    ]);
    result.failed.push(...begun.filter((name) => !done.has(name)));
    const reached = new Set([...done, ...begun]);
    result.notReached.push(...Object.keys(targets).filter((name) => !reached.has(name)));
    // In this log format Nix leaves them out of its message.
    if (buildLog.length > 0 && other.some((line) => line.includes('builder failed')))
      other.push('Last lines of its log:', ...buildLog.map((line) => `> ${line}`));
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
