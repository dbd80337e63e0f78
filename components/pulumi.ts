/**
 * The part of Pulumi's SDK that programs use. `@pulumi/pulumi` as a whole also loads the Automation API, the TypeScript compiler
 * and npm's package manager: 600 files and half of a preview's start.
 */
export type * as asset from '@pulumi/pulumi/asset/index.js';
export * from '@pulumi/pulumi/errors.js';
export * as log from '@pulumi/pulumi/log/index.js';
export { getProject, getRootDirectory, getStack } from '@pulumi/pulumi/metadata.js';
export * from '@pulumi/pulumi/output.js';
export * from '@pulumi/pulumi/resource.js';
export * as config from '@pulumi/pulumi/runtime/config.js';
export { invoke } from '@pulumi/pulumi/runtime/invoke.js';
export { isDryRun } from '@pulumi/pulumi/runtime/settings.js';
