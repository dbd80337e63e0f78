/**
 * Environment for a nix that opens ssh connections to builders by itself: each is opened or given up soon, asks nobody
 * anything, learns no host key, and does not outlast its other end.
 */
export function nixSshEnvironment(connectTimeoutSeconds: number): { NIX_SSHOPTS: string } {
  const settings = {
    BatchMode: 'yes',
    ConnectTimeout: connectTimeoutSeconds,
    // Nix hands over the builder's key as the only known one: what else this computer knows does not count.
    StrictHostKeyChecking: 'yes',
    GlobalKnownHostsFile: '/dev/null',
    UpdateHostKeys: 'no',
    ServerAliveInterval: 5,
    ServerAliveCountMax: 3,
  };
  return {
    NIX_SSHOPTS: Object.entries(settings)
      .map(([name, value]) => `-o ${name}=${value}`)
      .join(' '),
  };
}
