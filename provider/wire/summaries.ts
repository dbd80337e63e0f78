import { recordedName, type SummarizedInput, summarizedInputs } from '../../schema/summarized.ts';
import type { AnyResource, Properties } from '../resource.ts';
import { containsUnknown } from './unknown.ts';

/** How properties of a resource are recorded: with summaries, or as they are. */
export function recordedForm(
  resource: AnyResource,
  summarize: boolean,
): (properties: Properties) => Properties {
  return (properties) => (summarize ? withSummaries(resource, properties) : properties);
}

/** Properties with summaries of what Pulumi would print whole. */
function withSummaries({ summaries = {} }: AnyResource, properties: Properties): Properties {
  const recorded = { ...properties };
  for (const name of summarizedInputs) {
    const summarize = summaries[name];
    const value = properties[name];
    if (summarize === undefined || value === undefined || containsUnknown(value)) continue;
    recorded[recordedName(name)] = value;
    recorded[name] = summarize(value as never);
  }
  return recorded;
}

/** The path of a diff where the whole input is recorded. */
export function recordedPath(path: string): string {
  const name = /^\w+/.exec(path)?.[0] ?? '';
  return summarizedInputs.some((each) => each === name)
    ? `${recordedName(name as SummarizedInput)}${path.slice(name.length)}`
    : path;
}
