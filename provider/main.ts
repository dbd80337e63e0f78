import { enableCompileCache } from 'node:module';

// Before the imports that are worth caching: the gRPC and message modules are most of the start.
enableCompileCache();
const { serve } = await import('./service/server.ts');
await serve(process.argv.slice(2));
