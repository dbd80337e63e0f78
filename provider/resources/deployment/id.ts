import { FleetError } from '../../../lib/base/errors.ts';
import { pick } from '../../../lib/base/pick.ts';
import { zodMessages } from '../../../lib/base/zod-messages.ts';
import {
  type Connection,
  connection,
  connectionKeys,
  connectionSettings,
} from '../../../schema/connection.ts';

/**
 * The connection that the id of an import names: `root@web.example.org`, `root@[2001:db8::7]:2222`, `local:` for the
 * operator's own computer, or, with more settings,
 * `ssh://root@web.example.org:22?identityFile=/path&hostKey=<URL-encoded public key line>`. A password has no place in
 * an id: the machine must let the user become root without one.
 * @throws FleetError config-invalid
 */
export function connectionFromId(id: string, host: string): Connection {
  const parsed = connection.safeParse(pick(settingsFrom(id, host), connectionKeys), {
    error: zodMessages({ showValues: true }),
  });
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
  return {
    address: match ? (v6 ?? address) : id,
    user,
    port: port === undefined ? undefined : Number(port),
  };
}

/** Settings in the query of a URL: some others are in the URL itself, and some have no place in an id. */
const elsewhere: readonly string[] = ['local', 'address', 'user', 'port', 'becomePassword', 'sshOptions'];
const settings = connectionKeys.filter((name) => !elsewhere.includes(name));

function fromUrl(id: string, host: string): Record<string, unknown> {
  const url = URL.parse(id);
  if (!url) throw badId(id, host, 'it is not a URL');
  const unknown = [...url.searchParams.keys()].filter(
    (name) => !settings.some((setting) => setting === name),
  );
  if (unknown.length > 0)
    throw badId(id, host, `unknown: ${unknown.join(', ')}; there are: ${settings.join(', ')}`);
  // In a query a plus sign means a space, but a public key is full of them, and they are often not encoded.
  const query = new URLSearchParams(url.search.replaceAll('+', '%2B'));
  return {
    ...Object.fromEntries(settings.map((name) => [name, settingFrom(query.get(name) ?? undefined, name)])),
    address: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    user: url.username ? decodeURIComponent(url.username) : undefined,
    port: url.port ? Number(url.port) : undefined,
  };
}

/** The text itself, unless the setting is a number or a switch. */
function settingFrom(text: string | undefined, name: keyof Connection): unknown {
  const isText = text === undefined || connectionSettings.shape[name].safeParse(text).success;
  return !isText && /^(\d+|true|false)$/.test(text) ? JSON.parse(text) : text;
}

function badId(id: string, host: string, why: string): FleetError {
  return new FleetError({
    code: 'config-invalid',
    what: `'${id}' does not name a connection to the machine`,
    host,
    why,
    fix: [
      `pulumi import nixos:index:Deployment ${host} root@ADDRESS[:PORT], or local:, or`,
      `'ssh://root@ADDRESS:PORT?identityFile=/path&hostKey=ssh-ed25519%20AAAA…'`,
    ].join('\n'),
  });
}
