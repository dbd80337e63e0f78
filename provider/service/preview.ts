import type { AnyResource, Properties, Recorded } from '../resource.ts';
import { unknown } from '../wire/unknown.ts';

/** Outputs in a preview: those that the resource knows beforehand, and `unknown` for the rest. */
export function previewOf(
  resource: AnyResource,
  desired: Properties,
  recorded?: Recorded<Properties, Properties>,
): Properties {
  const names = Object.keys((resource.state as { shape?: Properties }).shape ?? {});
  const open = Object.fromEntries(names.map((name) => [name, unknown]));
  return { ...open, ...resource.preview(desired, recorded) };
}
