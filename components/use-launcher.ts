import { join, sep } from 'node:path';
import { installLauncher } from './provider-launcher.ts';

// A clone names the provider in its Pulumi.yaml.
if (import.meta.dirname.includes(`${sep}node_modules${sep}`)) {
  try {
    installLauncher(join(import.meta.dirname, '../..'));
  } catch {
    // Pulumi reports a missing plugin. A project that names the path of the provider needs none.
  }
}
