/**
 * Inputs that Pulumi would print whole where a resource is new, hundreds of lines each. The provider records such an input under
 * a name with two underscores, which Pulumi does not print, and a summary under its own name. A resource of an earlier version
 * keeps the input under its own name, since a diff compares by names.
 */
export const summarizedInputs = ['facts', 'config', 'configured'] as const;

export type SummarizedInput = (typeof summarizedInputs)[number];

export function recordedName(name: SummarizedInput): string {
  return `__${name}`;
}

/** Whether recorded properties hold summaries. */
export function isSummarized(properties: Readonly<Record<string, unknown>>): boolean {
  return summarizedInputs.some((name) => Object.hasOwn(properties, recordedName(name)));
}

/** Recorded properties with whole inputs instead of summaries. */
export function withWholeInputs<Value>(properties: Record<string, Value>): Record<string, Value> {
  const whole = { ...properties };
  for (const name of summarizedInputs) {
    const value = whole[recordedName(name)];
    if (value === undefined) continue;
    whole[name] = value;
    delete whole[recordedName(name)];
  }
  return whole;
}
