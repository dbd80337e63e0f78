import { FleetError } from '../../../lib/base/errors.ts';
import { type Connection, connection } from '../../../schema/connection.ts';

/**
 * The connection that the id of an import names: `root@web.example.org`, `root@[2001:db8::7]:2222`, `local:` for the
 * operator's own computer, or, where more is to be said,
 * `ssh://root@web.example.org:22?identityFile=/path&hostKey=<URL-encoded public key line>`. A password has no place in
 * an id: the machine must let the user become root without one. Pure.
 * @throws FleetError config-invalid
 */
export function connectionFromId(id: string, host: string): Connection {
  const parsed = connection.safeParse(settingsFrom(id, host));
  if (parsed.success) return parsed.data;
  throw badId(
    id,
    host,
    parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'),
  );
}

function settingsFrom(id: string, host: string): Record<string, unknown> {
  if (id === 'local:') return { local: true };
  return id.startsWith('ssh://') ? fromUrl(id, host) : fromAddress(id);
}

function fromAddress(id: string): Record<string, unknown> {
  const match = /^(?:(?<user>[^@]*)@)?(?:\[(?<v6>[^\]]+)\]|(?<address>[^:]*))(?::(?<port>\d+))?$/.exec(id);
  const { user, v6, address, port } = match?.groups ?? {};
  return withoutUndefined({
    address: match ? (v6 ?? address) : id,
    user,
    port: port === undefined ? undefined : Number(port),
  });
}

const publicKeys = ['hostKey', 'proxyJumpHostKey'];
const texts = ['identityFile', 'become', 'proxyJump'];
const settings = [...publicKeys, ...texts, 'connectTimeoutSeconds'];

function fromUrl(id: string, host: string): Record<string, unknown> {
  const url = URL.parse(id);
  if (!url) throw badId(id, host, 'it is not a URL');
  const unknown = [...url.searchParams.keys()].filter((name) => !settings.includes(name));
  if (unknown.length > 0)
    throw badId(id, host, `unknown: ${unknown.join(', ')}; there are: ${settings.join(', ')}`);
  const seconds = url.searchParams.get('connectTimeoutSeconds');
  return withoutUndefined({
    address: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    user: url.username ? decodeURIComponent(url.username) : undefined,
    port: url.port ? Number(url.port) : undefined,
    ...Object.fromEntries(publicKeys.map((name) => [name, publicKey(id, name)])),
    ...Object.fromEntries(texts.map((name) => [name, url.searchParams.get(name) ?? undefined])),
    connectTimeoutSeconds: seconds === null ? undefined : Number(seconds),
  });
}

/** In a query a plus sign means a space; a key is full of them, and they are often not encoded. */
function publicKey(id: string, name: string): string | undefined {
  const [, value] = new RegExp(`[?&]${name}=([^&]*)`).exec(id) ?? [];
  return value?.replace(/%[0-9A-Fa-f]{2}/g, (code) => decodeURIComponent(code));
}

function withoutUndefined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function badId(id: string, host: string, why: string): FleetError {
  return new FleetError({
    code: 'config-invalid',
    what: `'${id}' does not say how the machine is reached`,
    host,
    why,
    fix: [
      `pulumi import nixos:index:Deployment ${host} root@ADDRESS[:PORT], or local:, or`,
      `'ssh://root@ADDRESS:PORT?identityFile=/path&hostKey=ssh-ed25519%20AAAA…'`,
    ].join('\n'),
  });
}
