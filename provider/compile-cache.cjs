// Keeps compiled modules for the next start. JavaScript, since Node would load its TypeScript parser for this file each time. The
// folder is the user's own: Node's default is below /tmp, where others could put code.
const { enableCompileCache } = require('node:module');
const { homedir } = require('node:os');
const { join } = require('node:path');

try {
  enableCompileCache(
    join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nixos-fleet', 'v1', 'compiled'),
  );
} catch {
  // A user without a home folder, or an older Node, starts without it.
}
