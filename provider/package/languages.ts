/** How the package is named and made in each language, for `pulumi package add` and `gen-sdk`. */
export const languages = {
  nodejs: {
    packageName: '@nixos-fleet/nixos',
    packageDescription: 'Deploy NixOS machines with Pulumi.',
    dependencies: { '@pulumi/pulumi': '^3.200.0' },
    respectSchemaVersion: true,
  },
  python: {
    packageName: 'pulumi_nixos',
    requires: { pulumi: '>=3.200.0,<4.0.0' },
    pyproject: { enabled: true },
    respectSchemaVersion: true,
  },
  go: {
    importBasePath: 'nixos-fleet/sdk/go/nixos',
    generateResourceContainerTypes: true,
    respectSchemaVersion: true,
  },
};
