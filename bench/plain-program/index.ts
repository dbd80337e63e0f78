import * as pulumi from '@pulumi/pulumi';

// The baseline: as many resources as the fleet, empty and without a provider.
for (let index = 0; index < new pulumi.Config().requireNumber('resources'); index += 1) {
  new pulumi.ComponentResource('bench:index:Plain', `plain-${index}`);
}
