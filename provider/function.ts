import type * as z from 'zod';

/** What a function may use while it works for the engine. */
export interface CallContext {
  /** Aborted when the engine cancels. */
  readonly signal: AbortSignal;
  /** Shows a line that the next one replaces. */
  status(message: string): void;
}

/** A function of the provider: it reads, and changes nothing. */
export interface ProviderFunction<Args, Result> {
  /** Token, such as `nixos:index:evaluate`. */
  readonly token: string;
  readonly description: string;
  readonly args: z.ZodType<Args>;
  readonly result: z.ZodType<Result>;
  call(args: Args, context: CallContext): Promise<Result>;
}

/** A function whatever its shape. */
// biome-ignore lint/suspicious/noExplicitAny: functions of different shapes stand side by side
export type AnyFunction = ProviderFunction<any, any>;
