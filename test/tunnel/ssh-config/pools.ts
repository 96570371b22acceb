/** Values with bars between them, as they are written. */
function pool({ raw }: TemplateStringsArray): readonly string[] {
  return (raw[0] ?? '')
    .trim()
    .split(/ ¦[ \n]/)
    .map((value) => value.trim());
}

/** What Host and Match compare with. */
export const PATTERNS = pool`
web ¦ w* ¦ * ¦ !web ¦ ?eb ¦ db ¦ x.lan ¦ *.lan ¦ !*.lan ¦ "web db" ¦ WEB ¦ [w]eb ¦ w**b ¦ !* ¦
web,db ¦ !db,* ¦ "" ¦ 'web' ¦ web# ¦ #web ¦ wéb ¦ a,b ¦ *,!web ¦ w?*
`;

export const PATHS = pool`
~/k ¦ ~ ¦ ~/ ¦ ~//k ¦ ~root/k ¦ ~nobody-of-that-name/k ¦ /k/%h ¦ /k/%n.%r ¦ /k/%% ¦ /k/%p%u ¦
%d/k ¦ /k/% ¦ /k/%z ¦ €{VAR}/k ¦ /k/€{NONE} ¦ /k/€{EMPTY} ¦ /k/€{ ¦ /k/€{} ¦ €{PATHVAR}/%h ¦
none ¦ NONE ¦ k ¦ ./k ¦ "/a b" ¦ /a b ¦ '/c d' ¦ /a\ b ¦ /a"b c"d ¦ " ¦ /a\"b ¦ /é ¦ #a ¦ /a#b ¦
/k/%C ¦ /k/%l%L%i%k
`;

export const TEXTS = pool`
a ¦ "a b" ¦ 'c d' ¦ a\ b ¦ a"b c"d ¦ %h ¦ %% ¦ %r@%h ¦ none ¦ " ¦ #a ¦ a#b ¦ é ¦  ¦ a=b ¦ =a ¦
a\ ¦ A.Lan
`;
const FLAGS = pool`
yes ¦ no ¦ true ¦ false ¦ TRUE ¦ No ¦ ask ¦ off ¦ auto ¦ always ¦ 1 ¦ maybe ¦ accept-new ¦
force ¦ unbound ¦ host-bound ¦ confirm ¦ inet ¦ inet6 ¦ any ¦ none ¦ default ¦ subsystem ¦
ethernet ¦ point-to-point
`;
export const NUMBERS = pool`
0 ¦ 1 ¦ 22 ¦ 007 ¦ +3 ¦ -1 ¦ 1 2 ¦ 65535 ¦ 65536 ¦ 99999999999 ¦ 2147483647 ¦ 2147483648 ¦ 5m ¦
1h30m ¦ 90S ¦ 1w2d ¦ x ¦  ¦ 5 m ¦ 1.5 ¦ 0x10 ¦ 300 ¦ none ¦ http ¦ ssh ¦ no-such-service ¦ " 5" ¦
5# ¦ 5 #c
`;
const SIZES = pool`
default ¦ default none ¦ 1G ¦ 1.5k ¦ 1K 1h ¦ 15 ¦ 16 ¦ 0 0 ¦ -1K ¦ 9E ¦ 1KB ¦ 1G none ¦ 1M 5x ¦
x ¦ default default ¦ 0
`;
const HOSTS = pool`
%h ¦ %h.lan ¦ %%h ¦ %n ¦ % ¦ a.Lan ¦ 127.1 ¦ ::1 ¦ ::0001 ¦ FE80::A ¦ 010.1 ¦ 0x7f.1 ¦ 1 ¦
256.1 ¦ 1.2.3.4.5 ¦ A%%b ¦ "a b" ¦ %h%h ¦ fe80::1%%lo ¦ 1.2.3 ¦ ::ffff:1.2.3.4 ¦ x. ¦ X..
`;
const USERS = pool`
a ¦ CORP\\b ¦ "a b" ¦ a:b ¦ a@b ¦ %r ¦ -a ¦ a;b ¦ 'x' ¦ ROOT ¦ é
`;
const HOPS = pool`
a ¦ u@b:2 ¦ [::1]:3 ¦ root@127.0.0.2:2302 ¦ a,b ¦ none ¦ NONE ¦ a # c ¦ ssh://u@c:4 ¦ ssh://c/ ¦
ssh://c/x ¦ a: ¦ :1 ¦ @a ¦ u@ ¦ a:http ¦ a:x ¦ [a]:1 ¦ [a ¦ a/b ¦ u%%r@b ¦ %h ¦ a, ¦ ,a ¦
none,a ¦ b:0 ¦ web ¦ web:22 ¦ ann:target@b ¦ 1.2.3.4
`;
const COMMANDS = pool`
nc %h %p ¦ none ¦ NONE ¦ - ¦ "nc" x ¦ nc # x ¦ = nc ¦ nc " ¦ nc 'a b' ¦ nc %r@%n ¦ nc %z ¦
nc €{VAR} ¦ #c ¦ a\ b
`;
const LISTS = pool`
aes128-ctr ¦ +aes256-cbc ¦ -aes* ¦ ^aes256-ctr ¦ aes128-ctr,aes128-ctr ¦ nothing ¦  ¦ -* ¦ aes* ¦
+aes* ¦ aes128-ctr, ¦ ,aes128-ctr ¦ aes128-ctr,,x ¦ !aes128-ctr ¦ -!aes128-ctr ¦ ^ ¦ + ¦
-nothing ¦ +nothing ¦ hmac-sha2-512 ¦ +hmac-md5 ¦ -hmac-sha1* ¦ ^hmac-sha2-256 ¦
curve25519-sha256 ¦ +diffie-hellman-group1-sha1 ¦ -sntrup* ¦ ssh-ed25519 ¦ +ssh-rsa ¦
-ssh-ed25519*,ecdsa-* ¦ rsa-sha2-* ¦ ^rsa-sha2-512 ¦ ED25519 ¦ ssh-ed25519,!ssh-rsa ¦ +ssh-dss,ssh-rsa ¦ webauthn* ¦
ssh-*
`;
const FORWARDS = pool`
8080 ¦ 8080 host:80 ¦ 127.0.0.1:8080 [::1]:80 ¦ [::1]:1 /run/s ¦ /run/s /run/t ¦ 8080 host ¦
8080 host:0 ¦ 0 host:80 ¦ 8080 host:80 x ¦ x host:80 ¦ 1:2:3:4:5 a:1 ¦ /run/s host:80 ¦
8080:host:80 ¦ [::1 host:1 ¦ *:8080 ¦ \:8080 ¦ http host:https
`;
const DOMAINS = pool`
none ¦ a.invalid ¦ A.invalid b.invalid ¦ none a ¦ a none ¦ -a ¦ a..b ¦ "" ¦ a_b.c
`;
/** Keywords with values of their kind, right ones and wrong ones. */
export const KINDS: readonly (readonly [keywords: readonly string[], values: readonly string[]])[] = [
  [['HostName'], HOSTS],
  [['HostKeyAlias'], [...HOSTS, ...TEXTS]],
  [['User'], USERS],
  [
    pool`
Port ¦ ServerAliveInterval ¦ ServerAliveCountMax ¦ ConnectTimeout ¦ ConnectionAttempts ¦
NumberOfPasswordPrompts ¦ ForwardX11Timeout ¦ RequiredRSASize ¦ CanonicalizeMaxDots ¦
ProtocolKeepAlives ¦ SetupTimeOut
`,
    NUMBERS,
  ],
  [
    pool`
IdentityFile ¦ CertificateFile ¦ UserKnownHostsFile ¦ GlobalKnownHostsFile ¦ IdentityAgent ¦
RevokedHostKeys ¦ ControlPath ¦ IdentityFile2
`,
    PATHS,
  ],
  [
    ['IdentityAgent', 'ForwardAgent'],
    pool`
SSH_AUTH_SOCK ¦ $VAR ¦ €{VAR} ¦ $NO-NAME ¦ $ ¦ none ¦ /run/%h ¦ €{NONE} ¦ yes
`,
  ],
  [
    pool`
BatchMode ¦ IdentitiesOnly ¦ StrictHostKeyChecking ¦ HashKnownHosts ¦ PubkeyAuthentication ¦
KbdInteractiveAuthentication ¦ ChallengeResponseAuthentication ¦ PasswordAuthentication ¦
HostbasedAuthentication ¦ VerifyHostKeyDNS ¦ NoHostAuthenticationForLocalhost ¦ CheckHostIP ¦
Compression ¦ ControlMaster ¦ Tunnel ¦ RequestTTY ¦ SessionType ¦ UpdateHostKeys ¦
ProxyUseFdpass ¦ AddressFamily ¦ EnableSSHKeysign ¦ GSSAPIAuthentication ¦ ForwardX11 ¦
TCPKeepAlive ¦ KeepAlive ¦ VisualHostKey ¦ StdinNull ¦ ForkAfterAuthentication ¦
CanonicalizeFallbackLocal ¦ ClearAllForwardings ¦ GatewayPorts ¦ ExitOnForwardFailure ¦
PermitLocalCommand ¦ StreamLocalBindUnlink ¦ DSAAuthentication ¦ SkeyAuthentication ¦
EnableEscapeCommandline ¦ GSSAPIKeyExchange
`,
    FLAGS,
  ],
  [
    pool`
Ciphers ¦ MACs ¦ KexAlgorithms ¦ HostKeyAlgorithms ¦ PubkeyAcceptedAlgorithms ¦
PubkeyAcceptedKeyTypes ¦ CASignatureAlgorithms ¦ HostbasedAcceptedAlgorithms ¦
HostbasedKeyTypes
`,
    LISTS,
  ],
  [['ProxyCommand', 'KnownHostsCommand', 'LocalCommand', 'RemoteCommand'], COMMANDS],
  [['ProxyJump'], HOPS],
  [
    pool`
PreferredAuthentications ¦ KbdInteractiveDevices ¦ BindAddress ¦ BindInterface ¦ PKCS11Provider ¦
SecurityKeyProvider ¦ SmartcardDevice ¦ XAuthLocation
`,
    [...TEXTS, 'publickey', 'password,publickey', 'keyboard-interactive', 'internal'],
  ],
  [['RekeyLimit'], SIZES],
  [
    ['AddKeysToAgent'],
    pool`
yes ¦ no ¦ ask ¦ confirm ¦ 5m ¦ confirm 5m ¦ yes 5m ¦ 0 ¦ x ¦ confirm x ¦ 5m confirm ¦ 5m 5m
`,
  ],
  [
    ['ControlPersist'],
    pool`
yes ¦ no ¦ 5m ¦ YES ¦ x ¦ 0
`,
  ],
  [['LocalForward', 'RemoteForward', 'DynamicForward'], FORWARDS],
  [
    ['LogLevel'],
    pool`
INFO ¦ quiet ¦ DEBUG ¦ debug3 ¦ loud ¦ 
`,
  ],
  [['SyslogFacility'], ['USER', 'local7', 'local8', 'x']],
  [
    ['EscapeChar'],
    pool`
none ¦ ~ ¦ ^a ¦ ^A ¦ ab ¦ ^ ¦ é ¦ NONE
`,
  ],
  [['FingerprintHash'], ['sha256', 'MD5', 'x', 'SHA384']],
  [
    ['IPQoS'],
    pool`
lowdelay ¦ af11 cs1 ¦ none ¦ 0x10 ¦ 300 ¦ 8 8 8 ¦ EF le ¦ 010 ¦ x
`,
  ],
  [
    ['TunnelDevice'],
    pool`
any ¦ any:any ¦ 1:2 ¦ 1:any ¦ x ¦ 1:2:3 ¦ -1
`,
  ],
  [
    ['StreamLocalBindMask'],
    pool`
0177 ¦ 777 ¦ 1000 ¦ 8 ¦ x ¦ 0
`,
  ],
  [['SendEnv'], ['LANG LC_*', 'A=b', '-LANG', '""', 'A']],
  [['SetEnv'], ['A=b', 'A', 'A=b C=d', 'A="b c"', '=']],
  [
    ['PermitRemoteOpen'],
    pool`
any ¦ none ¦ host:80 ¦ host:* ¦ [::1]:22 ¦ any host:1 ¦ host ¦ host:x ¦ host:0 ¦ a:1 b:2
`,
  ],
  [['CanonicalDomains'], DOMAINS],
  [['CanonicalizePermittedCNAMEs'], ['none', 'none']],
  [['CanonicalizeHostname'], ['no', 'false', 'NO', 'maybe']],
  [['LogVerbose'], ['none', 'a b', 'none a', '""']],
  [
    ['IgnoreUnknown'],
    pool`
Foo ¦ f* ¦ Foo,Bar ¦ !Foo,* ¦ * ¦ FOO ¦ x
`,
  ],
  [
    ['Foo', 'Bar', 'FooBar', 'UseKeychain'],
    ['yes', 'a b', '"', ''],
  ],
  [
    pool`
Protocol ¦ RSAAuthentication ¦ UsePrivilegedPort ¦ FallBackToRsh ¦ Cipher ¦ CompressionLevel ¦
RhostsAuthentication ¦ RhostsRSAAuthentication ¦ UseRsh ¦ UseRoaming ¦ GlobalKnownHostsFile2 ¦
UserKnownHostsFile2 ¦ AFSTokenPassing ¦ KerberosAuthentication ¦ KerberosTGTPassing
`,
    pool`
2 ¦ yes ¦ a b c ¦ " ¦  ¦ #x
`,
  ],
];

export const MATCHES = pool`
all ¦ !all ¦ final ¦ canonical ¦ !final ¦ !canonical ¦ final all ¦ all final ¦ host web all ¦
host web final all ¦ ALL ¦ all #c ¦ exec true ¦ exec false ¦ exec "test %h = web" ¦ !exec false ¦
host db exec %z ¦ exec "exit 3" ¦ exec "test %n%p%r = web22root" ¦  ¦ nonsense x ¦
host ¦ ! ¦ user ¦ host =web ¦ final host *.lan ¦ localuser root ¦ localuser "nobody" ¦
user root,a ¦ user !root,*
`;
