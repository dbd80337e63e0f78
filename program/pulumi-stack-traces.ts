import { Resource } from '@pulumi/pulumi/resource.js';
import debuggable from '@pulumi/pulumi/runtime/debuggable.js';

/** What the SDK has beside its public interface. */
export interface Internals {
  /** Frames of the current call. */
  resource: { callsites?: () => object[] };
  promises: { debuggablePromise?: (promise: Promise<unknown>, context: string) => Promise<unknown> };
}

export const internals: Internals = {
  resource: Resource as unknown as Internals['resource'],
  promises: debuggable,
};

/**
 * Leaves out the stack traces that Pulumi captures while it declares resources; together they take a tenth of a preview's time.
 * Those of promises, hundreds per machine, are only printed with PULUMI_DEBUG_PROMISE_LEAKS, and are captured if that is set. Those
 * of resources become source positions in the state: in the program of a stack's config, all of them are lines of this package.
 * Stack traces of errors are unchanged.
 */
export function skipPulumiStackTraces({ resource, promises } = internals): void {
  if (resource.callsites) resource.callsites = () => [];
  const { debuggablePromise } = promises;
  if (process.env.PULUMI_DEBUG_PROMISE_LEAKS || !debuggablePromise) return;
  promises.debuggablePromise = (promise, context) => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      return debuggablePromise(promise, context);
    } finally {
      Error.stackTraceLimit = limit;
    }
  };
}
