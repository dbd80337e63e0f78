import { join } from 'node:path';
import { installLauncher } from './provider-launcher.ts';

// Compiled files are those of an installed package. A clone names the provider in its Pulumi.yaml.
if (import.meta.filename.endsWith('.js')) {
  try {
    installLauncher(join(import.meta.dirname, '../..'));
  } catch {
    // Pulumi reports a missing plugin. A project that names the path of the provider needs none.
  }
}
