import { serve } from './service/server.ts';

await serve(process.argv.slice(2));
