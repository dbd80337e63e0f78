import type * as z from 'zod';
import type { SummarizedInput } from '../schema/summarized.ts';
import type { RolloutRun } from './rollout/rollout-run.ts';

/** Inputs or outputs of any resource, as plain values. */
export type Properties = Record<string, unknown>;

/** What a resource may use while it works for the engine. */
export interface Context {
  readonly urn: string;
  /** Resource name: the last part of the URN. */
  readonly name: string;
  /** Aborted when the engine cancels. Builds and copies stop; an activation under way is left to its supervisor. */
  readonly signal: AbortSignal;
  /** Shows a line that the next one replaces, beside the resource in Pulumi's display. */
  status(message: string): void;
  /** Writes a line to the run's diagnostics. */
  log(severity: 'debug' | 'info' | 'warning', message: string): void;
  /** The waves of this run, where there are any. */
  readonly rollout: RolloutRun;
}

/** How one property differs, by its path in Pulumi's notation (`facts.packages["jq"]`). */
export type PropertyDiffKind =
  | 'add'
  | 'add-replace'
  | 'delete'
  | 'delete-replace'
  | 'update'
  | 'update-replace';

export interface DiffResult {
  changes: boolean;
  detailed: Record<string, { kind: PropertyDiffKind; inputDiff: boolean }>;
  /** Whether a replacement must delete the old resource first. */
  deleteBeforeReplace?: boolean;
  /** Lines for the preview's diagnostics: what property paths cannot show. */
  notes?: string[];
}

interface Created<State> {
  id: string;
  state: State;
}

export interface ReadResult<Inputs, State> {
  id: string;
  inputs: Inputs;
  state: State;
  /** Why a resource that exists cannot be read now (a machine that is off): it is kept, with a warning. */
  unhealthy?: string;
}

export interface Recorded<Inputs, State> {
  id: string;
  inputs: Inputs;
  state: State;
}

/**
 * Thrown by `create` or `update` when the resource exists but is not as desired: the engine saves `state` and updates
 * again next time. `inputs` are those that are true of the machine now.
 */
export class PartialFailure<State = unknown> extends Error {
  readonly id: string;
  readonly state: State;
  constructor(id: string, state: State, cause: Error) {
    super(cause.message, { cause });
    this.id = id;
    this.state = state;
  }
}

/** Inputs with what their resource adds by itself. */
interface Completed<Inputs> {
  inputs: Inputs;
  /** Lines for the run's diagnostics. */
  notes?: string[];
  /** What is wrong by what was found: property path to reason. */
  problems?: Record<string, string>;
}

/**
 * One kind of resource. The order of the members is the order in which the engine calls them.
 * Values may hold `unknown` (wire.ts) in previews only: `diff`, and `preview` below, meet them; the others never do.
 */
export interface Resource<Inputs, State> {
  /** Type token, such as `nixos:index:System`. */
  readonly token: string;
  readonly description: string;
  /** Schema of the inputs: `check` parses with it, fills in defaults and reports every bad property by path. */
  readonly inputs: z.ZodType<Inputs>;
  readonly state: z.ZodType<State>;
  /** Inputs that are secret however they were given; they stay so in state and logs. */
  readonly secretInputs?: readonly (keyof Inputs & string)[];
  /** Inputs that Pulumi is not to print whole, each with what it prints instead. */
  readonly summaries?: { readonly [Name in SummarizedInput & keyof Inputs]?: (value: never) => unknown };
  /** Outputs that are secret and are no inputs. */
  readonly secretOutputs?: readonly (keyof State & string)[];
  /**
   * Completes inputs that fit the schema, before `check`: by those of the last deployment, and by what is on this computer's disk.
   * It starts no program and writes nothing; it is not called while an input is unknown.
   */
  complete?(inputs: Inputs, recorded?: Inputs): Completed<Inputs>;
  /**
   * Further checks across properties, on inputs that fit the schema: property path to what is wrong. `recorded` are the
   * inputs of the last deployment, where there was one; another version may have written them. `operation` is the same object
   * for all resources that one configured provider checks.
   */
  check?(inputs: Inputs, recorded?: Inputs, operation?: object): Record<string, string>;
  /** The program declares it with these inputs, whether they change or not. In previews, values may be unknown. */
  declared?(inputs: Inputs, run: Pick<Context, 'rollout'>): void;
  /** Compares the recorded with the desired; reads nothing else. */
  diff(recorded: Recorded<Inputs, State>, desired: Inputs): DiffResult;
  /**
   * A note for a preview that takes longer than `diff` may: it may start programs and read machines, and changes nothing.
   * Many resources are explained at once. Nothing is recorded of one that is to be created.
   */
  explain?(
    recorded: Recorded<Inputs, State> | undefined,
    desired: Inputs,
    context: Context,
  ): Promise<string | undefined>;
  /** Outputs that are known before anything is done; everything else is unknown in a preview. */
  preview(desired: Inputs, recorded?: Recorded<Inputs, State>): Partial<State>;
  create(inputs: Inputs, context: Context): Promise<Created<State>>;
  /**
   * What is there now; `undefined` means gone. `recorded.inputs` is undefined in an import, where only the id is
   * known. A machine that cannot be reached is not gone: return what was recorded with `unhealthy` set.
   */
  read(
    id: string,
    recorded: { inputs: Inputs; state: State } | undefined,
    context: Context,
  ): Promise<ReadResult<Inputs, State> | undefined>;
  update(recorded: Recorded<Inputs, State>, desired: Inputs, context: Context): Promise<State>;
  /** @param replaced this run has created its successor, whose files may have the same names */
  delete(recorded: Recorded<Inputs, State>, context: Context, replaced?: boolean): Promise<void>;
}

/** A resource whatever its shape, as the service and the registry handle them. */
// biome-ignore lint/suspicious/noExplicitAny: resources of different shapes stand side by side
export type AnyResource = Resource<any, any>;
