/** What starts programs when a host boots. `cron`: a cron that runs, where there is no init system that we know. */
export const BOOT_STARTERS = ['systemd', 'openrc', 'sysv', 'cron', 'none'] as const;

export type BootStarter = (typeof BOOT_STARTERS)[number];

/** What people call it. */
export const BOOT_STARTER_NAMES: Readonly<Record<Exclude<BootStarter, 'none'>, string>> = {
  systemd: 'systemd',
  openrc: 'OpenRC',
  sysv: 'System V init',
  cron: 'cron',
};

/**
 * Shell functions: `boot_starter` prints one of {@link BOOT_STARTERS}. An init system counts only where it has booted the
 * host, and cron where it runs, since nobody else would start it; only those that read /etc/cron.d know `@reboot`.
 */
export const BOOT_STARTER_SCRIPT = `
runs() {
  for comm in /proc/[0-9]*/comm; do
    read -r name 2>/dev/null <"$comm" || continue
    for one in "$@"; do [ "$name" != "$one" ] || return 0; done
  done
  return 1
}
boot_starter() {
  if [ -d /run/systemd/system ]; then echo systemd
  elif [ -e /run/openrc/softlevel ] && command -v openrc-run >/dev/null 2>&1 && command -v rc-update >/dev/null 2>&1; then echo openrc
  elif [ "$(cat /proc/1/comm)" = init ] && command -v update-rc.d >/dev/null 2>&1; then echo sysv
  elif [ -d /etc/cron.d ] && command -v crontab >/dev/null 2>&1 && runs cron crond; then echo cron
  else echo none; fi
}
`;
