/**
 * Leaves the stacks of Pulumi's promises unformatted. Pulumi takes one of each promise, hundreds a machine, for its own
 * debugging; formatting them takes a tenth of a preview. All other stacks stay whole.
 */
export function skipPromiseStacks(): void {
  if (process.env.PULUMI_DEBUG_PROMISE_LEAKS) return;
  const format = Error.prepareStackTrace ?? ((error, frames) => [`${error}`, ...frames].join('\n    at '));
  Error.prepareStackTrace = (error, frames) =>
    frames[0]?.getFunctionName() === 'debuggablePromise' ? `${error}` : format(error, frames);
}
