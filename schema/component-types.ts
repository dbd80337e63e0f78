/** Types of the components that the provider constructs for programs in other languages. */
const componentTypes: ReadonlySet<string> = new Set(
  ['BinaryCache', 'DiskInstalls', 'Fleet', 'Host', 'Images', 'Lab', 'VirtualMachines'].map(
    (name) => `nixos:index:${name}`,
  ),
);

/** Whether the provider makes resources of this type. */
export function isProviderType(type: string): boolean {
  return type.startsWith('nixos:') && !componentTypes.has(type);
}
