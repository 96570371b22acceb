/** Where something is copied from or to. */
export type Place =
  | { readonly kind: 'here'; readonly path: string }
  | {
      readonly kind: 'hosts';
      /** As `chooseHosts` takes them. */
      readonly hosts: string;
      /** On each of them; relative to where the login begins. */
      readonly path: string;
    };

/** A colon before the first slash is what tells hosts, as scp has it; a destination may have a port before it. */
const ON_HOSTS = /^((?:ssh:\/\/)?(?:[^/:@]*@)?(?:\[[^\]]*\]|[^/:[\]]+)(?::\d+(?=:))?):(.*)$/s;

/** Tells `web*:/etc/motd` and `root@host:22:motd` from paths of this machine; `./a:b` is one. */
export function parsePlace(text: string): Place {
  const [, hosts, path = ''] = ON_HOSTS.exec(text) ?? [];
  if (hosts === undefined) return { kind: 'here', path: text };
  const fromHome = path.replace(/^~\/+/, '');
  return { kind: 'hosts', hosts, path: fromHome === '' || fromHome === '~' ? '.' : fromHome };
}
