import { describeError } from '../../lib/base/failure.ts';
import type { AnyResource, Context, Properties, Recorded } from '../resource.ts';
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

/** What a resource adds to the preview of its creation or update. If that fails, the preview shows less. */
export async function explain(
  resource: AnyResource,
  recorded: Recorded<Properties, Properties> | undefined,
  desired: Properties,
  context: Context,
): Promise<string | undefined> {
  try {
    return await resource.explain?.(recorded, desired, context);
  } catch (error) {
    context.log('debug', describeError(error));
    return undefined;
  }
}
