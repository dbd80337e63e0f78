import * as pulumi from '@pulumi/pulumi';

// The floor: as many resources as the fleet has, with nothing in them and no provider behind them.
for (let index = 0; index < new pulumi.Config().requireNumber('resources'); index += 1) {
  new pulumi.ComponentResource('bench:index:Plain', `plain-${index}`);
}
