/**
 * Who decides each keyword of ssh_config(5), up to OpenSSH 10. The product relies on what an ssh session does, which host key is
 * accepted and how an end is noticed; everything else is the user's. A keyword that is missing here is the user's too: systems add
 * their own, such as UseKeychain.
 */

/** By which settings of a connection a keyword is decided. */
type Setting =
  | 'address'
  | 'user'
  | 'port'
  | 'hostKey'
  | 'identityFile'
  | 'proxyJump'
  | 'forwardAgent'
  | 'connectTimeoutSeconds'
  | 'serverAliveSeconds';

export type SshKeyword =
  /** ssh_config(5) and `sshOptions` decide. */
  | { by: 'user' }
  /** A part of a file, and no option: ssh_config(5) alone has it. */
  | { by: 'file' }
  /** The setting decides. `otherwise` is what holds without it: what ssh_config has, or a value. */
  | { by: 'setting'; setting: Setting; otherwise: 'ssh_config' | string }
  /** Always this value; undefined where each connection has a value of its own. */
  | { by: 'product'; value: string | undefined; why: string }
  /** Without effect, because the product sets another keyword. */
  | { by: 'nobody'; because: string };

const user = { by: 'user' } as const;
const file = { by: 'file' } as const;
const product = (value: string | undefined, why: string) => ({ by: 'product', value, why }) as const;
const setting = (name: Setting, otherwise = 'ssh_config') =>
  ({ by: 'setting', setting: name, otherwise }) as const;
const without = (because: string) => ({ by: 'nobody', because }) as const;

const noForwards = without('ClearAllForwardings');
const shared = 'connections are shared per login, and closed by the program';

export const sshKeywords: Readonly<Record<string, SshKeyword>> = {
  AddKeysToAgent: user,
  AddressFamily: user,
  BatchMode: product('yes', 'nobody answers a prompt; npm run ssh alone may ask'),
  BindAddress: user,
  BindInterface: user,
  CanonicalDomains: user,
  CanonicalizeFallbackLocal: user,
  CanonicalizeHostname: user,
  CanonicalizeMaxDots: user,
  CanonicalizePermittedCNAMEs: user,
  CASignatureAlgorithms: user,
  CertificateFile: user,
  ChannelTimeout: user,
  CheckHostIP: setting('hostKey'),
  Ciphers: user,
  ClearAllForwardings: product('yes', 'a port that a first connection holds would fail the second'),
  Compression: user,
  ConnectionAttempts: user,
  ConnectTimeout: setting('connectTimeoutSeconds', '15'),
  ControlMaster: product(undefined, shared),
  ControlPath: product(undefined, shared),
  ControlPersist: product(undefined, shared),
  DynamicForward: noForwards,
  EnableEscapeCommandline: user,
  EnableSSHKeysign: user,
  EscapeChar: user,
  ExitOnForwardFailure: noForwards,
  FingerprintHash: product('sha256', 'errors compare fingerprints'),
  ForkAfterAuthentication: product('no', 'the end of ssh is the end of the command'),
  ForwardAgent: setting('forwardAgent', 'no'),
  ForwardX11: product('no', 'no program on the machine opens a window'),
  ForwardX11Timeout: without('ForwardX11'),
  ForwardX11Trusted: without('ForwardX11'),
  GatewayPorts: noForwards,
  GlobalKnownHostsFile: setting('hostKey'),
  GSSAPIAuthentication: user,
  GSSAPIClientIdentity: user,
  GSSAPIDelegateCredentials: user,
  GSSAPIKexAlgorithms: user,
  GSSAPIKeyExchange: user,
  GSSAPIRenewalForcesRekey: user,
  GSSAPIServerIdentity: user,
  GSSAPITrustDns: user,
  HashKnownHosts: user,
  Host: file,
  HostbasedAcceptedAlgorithms: user,
  HostbasedAuthentication: user,
  HostKeyAlgorithms: user,
  HostKeyAlias: setting('hostKey'),
  HostName: setting('address'),
  IdentitiesOnly: user,
  IdentityAgent: user,
  IdentityFile: setting('identityFile'),
  IgnoreUnknown: user,
  Include: file,
  IPQoS: user,
  KbdInteractiveAuthentication: user,
  KbdInteractiveDevices: user,
  KexAlgorithms: user,
  KnownHostsCommand: setting('hostKey'),
  LocalCommand: without('PermitLocalCommand'),
  LocalForward: noForwards,
  LogLevel: product('ERROR', 'errors are recognised by the messages of ssh'),
  LogVerbose: product('none', 'errors are recognised by the messages of ssh'),
  MACs: user,
  Match: file,
  NoHostAuthenticationForLocalhost: product('no', 'a virtual machine on a forwarded port has a key too'),
  NumberOfPasswordPrompts: user,
  ObscureKeystrokeTiming: user,
  PasswordAuthentication: user,
  PermitLocalCommand: product('no', 'what it prints would be taken for the answer of the machine'),
  PermitRemoteOpen: noForwards,
  PKCS11Provider: user,
  Port: setting('port'),
  PreferredAuthentications: user,
  ProxyCommand: user,
  ProxyJump: setting('proxyJump'),
  ProxyUseFdpass: user,
  PubkeyAcceptedAlgorithms: user,
  PubkeyAuthentication: user,
  RefuseConnection: user,
  RekeyLimit: user,
  RemoteCommand: product('none', 'the command is the program’s'),
  RemoteForward: noForwards,
  RequestTTY: product('no', 'a terminal changes what is sent and mixes output with errors'),
  RequiredRSASize: user,
  RevokedHostKeys: user,
  SecurityKeyProvider: user,
  SendEnv: user,
  ServerAliveCountMax: setting('serverAliveSeconds', '3'),
  ServerAliveInterval: setting('serverAliveSeconds', '5'),
  SessionType: product('default', 'a session without a command never ends'),
  SetEnv: user,
  StdinNull: product('no', 'scripts are sent through the standard input'),
  StreamLocalBindMask: noForwards,
  StreamLocalBindUnlink: noForwards,
  StrictHostKeyChecking: product('yes', 'an unknown host key is refused'),
  SyslogFacility: user,
  Tag: user,
  TCPKeepAlive: user,
  Tunnel: product('no', 'a device that a first connection holds would fail the second'),
  TunnelDevice: without('Tunnel'),
  UpdateHostKeys: product('no', 'no host key is learned'),
  User: setting('user', 'root'),
  UserKnownHostsFile: setting('hostKey'),
  VerifyHostKeyDNS: setting('hostKey'),
  VersionAddendum: user,
  VisualHostKey: user,
  WarnWeakCrypto: user,
  XAuthLocation: without('ForwardX11'),
};

/** Other names by which ssh knows a keyword, both in lower case. */
const aliases: Readonly<Record<string, string>> = {
  dsaauthentication: 'pubkeyauthentication',
  identityfile2: 'identityfile',
  keepalive: 'tcpkeepalive',
  smartcarddevice: 'pkcs11provider',
};

const byName = new Map(Object.entries(sshKeywords).map(([name, keyword]) => [name.toLowerCase(), keyword]));

/** Who decides a keyword, in any case. */
export function sshKeyword(name: string): SshKeyword {
  const known = name.toLowerCase();
  return byName.get(aliases[known] ?? known) ?? user;
}

/** What every ssh of the program is given, whether it enters a machine, a jump host or a builder. */
export const pinnedSshOptions: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(sshKeywords).flatMap(([name, keyword]) =>
    keyword.by === 'product' && keyword.value !== undefined ? [[name, keyword.value]] : [],
  ),
);

/** A connection of its own. */
export const unshared = { ControlMaster: 'no', ControlPath: 'none', ControlPersist: 'no' } as const;

/** With an expected host key: leaves the known_hosts file that it is written to as the only source of keys. */
export const noOtherHostKeys = {
  GlobalKnownHostsFile: '/dev/null',
  KnownHostsCommand: 'none',
  VerifyHostKeyDNS: 'no',
} as const;
