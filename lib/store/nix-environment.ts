/**
 * Environment for a nix that connects to builders over ssh: connections fail within seconds, never prompt, accept no new host
 * key, and end when the builder stops answering.
 */
export function nixSshEnvironment(connectTimeoutSeconds: number): { NIX_SSHOPTS: string } {
  const settings = {
    BatchMode: 'yes',
    ConnectTimeout: connectTimeoutSeconds,
    // Nix passes the builder's key as the only known host; this computer's known hosts are ignored.
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
