/** The least number of operations that Pulumi runs at once. A deployment mostly waits for its machine. */
const least = 32;

/** Pulumi's own default, for each processor of the operator's computer. */
const eachProcessor = 4;

/**
 * The value of PULUMI_PARALLEL for pulumi, whose `--parallel` overrides it; undefined where Pulumi's default is enough. setup/pulumi-env
 * does the same for a plain pulumi.
 */
export function operationsAtOnce(set: string | undefined, processors: number): string | undefined {
  if (set !== undefined) return set;
  return processors * eachProcessor < least ? String(least) : undefined;
}
