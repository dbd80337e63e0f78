// npm runs this after it has installed the package. Programs do the same when they start; `pulumi destroy` runs none.
const { join, sep } = require('node:path');
const { pathToFileURL } = require('node:url');

// A clone names its provider in Pulumi.yaml.
if (__dirname.includes(`${sep}node_modules${sep}`)) {
  const root = join(__dirname, '..');
  import(pathToFileURL(join(root, 'dist/launcher.js')).href)
    .then(({ installLauncher }) => installLauncher(root))
    .catch((error) =>
      console.warn(`nixos-fleet: Pulumi's plugin "nixos" could not be installed: ${error.message}`),
    );
}
