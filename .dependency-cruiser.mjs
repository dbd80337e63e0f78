// The order of the layers and of lib's rooms, as in CONTRIBUTING.md: imports go down, and never in a circle.

/** Everything below a layer that it may import; each layer may also import itself. */
const layers = {
  index: ['program', 'components', 'schema', 'lib'],
  commands: ['program', 'components', 'schema', 'lib'],
  program: ['components', 'schema', 'lib'],
  components: ['schema'],
  provider: ['components', 'lib', 'schema'],
  lib: ['schema'],
  schema: [],
};

const rooms = {
  images: ['local', 'machine', 'evaluation', 'store', 'base'],
  local: ['machine', 'evaluation', 'store', 'base'],
  kernel: ['machine', 'evaluation', 'store', 'base'],
  machine: ['store', 'base'],
  evaluation: ['store', 'base'],
  store: ['base'],
  base: [],
};

/** Rules that forbid the imports of each part from every part that its list does not name. */
function ordered(parts, pathOf) {
  const names = Object.keys(parts);
  return names.map((name) => {
    const forbidden = names.filter((other) => other !== name && !parts[name].includes(other));
    return rule(`order-of-${name}`, { path: pathOf([name]) }, { path: pathOf(forbidden) });
  });
}

function rule(name, from, to) {
  return { name, severity: 'error', from, to };
}

const layerPath = (names) => `^(${names.join('|')})(/|\\.ts$)`;
const sources = layerPath(Object.keys(layers));

export default {
  forbidden: [
    ...ordered(layers, layerPath),
    ...ordered(rooms, (names) => `^lib/(${names.join('|')})/`),
    rule('no-circle', {}, { circular: true }),
    { ...rule('no-circle-of-folders', { path: sources }, { circular: true }), scope: 'folder' },
    rule('resolvable', { pathNot: '^templates/' }, { couldNotResolve: true }),
    rule('sources-import-no-test', { path: sources }, { path: '^(tests|bench|docs|setup|templates)/' }),
    rule(
      'processes-start-in-base',
      { path: sources, pathNot: '^lib/base/process/' },
      { path: '(^|node_modules/)(execa|child_process|node:child_process)(/|$)' },
    ),
    rule(
      'grpc-stays-in-service-and-wire',
      { path: sources, pathNot: '^provider/(service|wire)/' },
      { path: '(^|node_modules/)(@grpc|@pulumi/pulumi/proto|google-protobuf)/' },
    ),
    rule(
      'programs-load-parts-of-the-sdk',
      { path: sources },
      {
        path: 'node_modules/@pulumi/pulumi/(index|automation/.*|dynamic/.*|runtime/index|runtime/closure/.*)\\.(js|d\\.ts)$',
      },
    ),
  ],
  options: {
    // Imports of types alone count.
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist/|nix/|site/|provider/compile-cache\\.cjs$)' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
