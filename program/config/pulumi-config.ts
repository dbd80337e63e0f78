import * as pulumi from '../../components/pulumi.ts';

/** The stack's config keys of this project, without its namespace. */
export function ownConfig(): Record<string, string> {
  const namespace = `${pulumi.getProject()}:`;
  return Object.fromEntries(
    Object.entries(pulumi.config.allConfig())
      .filter(([key]) => key.startsWith(namespace))
      .map(([key, value]) => [key.slice(namespace.length), value]),
  );
}

/** Whether a key of the stack's config has encrypted values. The SDK has this function, but not in its types. */
export function isSecretConfig(key: string): boolean {
  const { isConfigSecret } = pulumi.config as unknown as { isConfigSecret(key: string): boolean };
  return isConfigSecret(`${pulumi.getProject()}:${key}`);
}
