/** Writes the npm package's modules into dist/, as bundles: they load in half the time. Types are tsc's. */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { copyToBundle, writeBesideBundle } from './beside-bundle.ts';
import { type Bundle, bundle, providerBundle } from './bundle.ts';
import { root } from './project.ts';

// A program shares Pulumi's SDK with Pulumi, which starts it.
const external = ['@pulumi/pulumi'];
const bundles: readonly Bundle[] = [
  providerBundle,
  { name: 'cli', entries: { cli: 'commands/main.ts' }, external },
  {
    name: 'program',
    entries: {
      components: 'components/index.ts',
      evaluation: 'lib/evaluation/evaluate-fleet.ts',
      hardware: 'lib/machine/hardware/ask-hardware.ts',
      launcher: 'components/provider-launcher.ts',
      program: 'index.ts',
    },
    external,
  },
];

const dist = join(root, 'dist');
const packages = await Promise.all(bundles.map((each) => bundle(each, dist)));
writeBesideBundle(dist, packages.flat());
for (const file of globSync('commands/**/*.{css,js,sh}', { cwd: root })) copyToBundle(dist, file);
