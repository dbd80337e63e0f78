import * as pulumi from '../../components/pulumi.ts';
import { namespace, stackValues } from './namespace.ts';

/** The stack's config keys of this program, without a namespace. */
export function ownConfig(): Record<string, string> {
  return stackValues(pulumi.getProject(), pulumi.config.allConfig());
}

/** Whether a key of the stack's config has encrypted values. The SDK has this function, but not in its types. */
export function isSecretConfig(key: string): boolean {
  const { isConfigSecret } = pulumi.config as unknown as { isConfigSecret(key: string): boolean };
  return [namespace, pulumi.getProject()].some((each) => isConfigSecret(`${each}:${key}`));
}
