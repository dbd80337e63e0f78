import * as pulumi from '@pulumi/pulumi';

class Custom extends pulumi.CustomResource {}

// The baseline: as many resources as the fleet, all empty; `custom` of them belong to a provider that does nothing.
const config = new pulumi.Config();
const custom = config.getNumber('custom') ?? 0;
for (let index = 0; index < config.requireNumber('resources'); index += 1) {
  if (index < custom) new Custom('plain:index:Custom', `plain-${index}`, {});
  else new pulumi.ComponentResource('bench:index:Plain', `plain-${index}`);
}
