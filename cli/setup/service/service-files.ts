import { PATHS } from './service-paths.js';

/** The files that run the agent. All are the same on every host: what differs is in the settings that they read. */
export const AGENT_SCRIPT = `#!/bin/sh
# Runs the agent with the arguments of ${PATHS.arguments}, one a line.
set -f
IFS='
'
if [ -r ${PATHS.etcdProgram} ]; then
  HAWSER_ETCD=$(cat ${PATHS.etcdProgram})
  export HAWSER_ETCD
fi
# Whom root of this host lets deploy; without the file, whoever can write to etcd.
if [ -e ${PATHS.allowedSigners} ]; then set -- --allowed-signers ${PATHS.allowedSigners}; fi
exec ${PATHS.wrapper} $(cat ${PATHS.arguments}) "$@"
`;

/**
 * Hardened as far as the apps allow, which are children of the agent and may need anything that a service of the system
 * does: set-user-id programs, devices, home directories, control groups. ProtectClock= would take devices from them.
 */
export const UNIT = `[Unit]
Description=hawser agent
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${PATHS.agentScript}
Restart=always
RestartSec=2
KillMode=mixed
TimeoutStopSec=60
SyslogIdentifier=hawser
LimitNOFILE=65536
Delegate=yes
ProtectSystem=full
CapabilityBoundingSet=~CAP_SYS_TIME CAP_WAKE_ALARM
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK

[Install]
WantedBy=multi-user.target
`;

/** When a log is rotated, and how often that is looked at. */
const MOST_LOG_BYTES = 10 * 1024 * 1024;
const LOOK_EVERY_S = 30;

/**
 * Keeps the agent running where there is no systemd. One at a time, by a lock. The agent goes on writing while its log is
 * rotated, so the end of it is copied and the file emptied; one old log is kept, and none is larger than the limit for long.
 */
export const SUPERVISOR = `#!/bin/sh
# Keeps the hawser agent running.
umask 022
mkdir -p ${PATHS.sockets}
exec 9>>/run/hawser-supervisor.lock
flock -n 9 || exit 0
echo $$ >/run/hawser-supervisor.pid

# Also empties a log that a full disk keeps from being copied.
rotate() {
  [ "$(wc -c <${PATHS.log} 2>/dev/null || echo 0)" -gt ${MOST_LOG_BYTES} ] || return 0
  (umask 077; tail -c ${MOST_LOG_BYTES} ${PATHS.log} >${PATHS.log}.new) 2>/dev/null && mv -f ${PATHS.log}.new ${PATHS.log}.1
  rm -f ${PATHS.log}.new
  : >${PATHS.log}
}

# In a process of its own, until the supervisor is gone. Its own end waits for no sleep.
keep_short() {
  nap=
  trap '[ -z "$nap" ] || kill "$nap" 2>/dev/null; exit 0' TERM
  trap '' INT HUP
  while kill -0 $$ 2>/dev/null; do
    rotate
    sleep ${LOOK_EVERY_S} &
    nap=$!
    wait "$nap"
  done
}
keep_short </dev/null >/dev/null 2>&1 9>&- &
rotator=$!

stopping= child=
trap 'stopping=1; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM INT HUP
pause=1
while [ -z "$stopping" ]; do
  began=$(date +%s)
  (umask 077; : >>${PATHS.log})
  ${PATHS.agentScript} </dev/null >>${PATHS.log} 2>&1 9>&- &
  child=$!
  while kill -0 "$child" 2>/dev/null; do wait "$child"; done
  child=
  [ -z "$stopping" ] || break
  if [ $(($(date +%s) - began)) -gt 60 ]; then pause=1; fi
  sleep "$pause" 9>&- &
  wait $!
  pause=$((pause * 2))
  if [ "$pause" -gt 30 ]; then pause=30; fi
done
kill "$rotator" 2>/dev/null
wait "$rotator"
rm -f /run/hawser-supervisor.pid
`;

/** For OpenRC. Without a dependency on a network that may be somebody else's to bring up: the agent waits for one. */
export const OPENRC_SCRIPT = `#!/sbin/openrc-run
description="hawser agent"
depend() {
  use net
  after firewall
}
start() {
  ebegin "Starting hawser"
  setsid ${PATHS.supervisor} </dev/null >/dev/null 2>&1 &
  eend 0
}
stop() {
  ebegin "Stopping hawser"
  pid=$(cat /run/hawser-supervisor.pid 2>/dev/null)
  [ -z "$pid" ] || kill -TERM "$pid" 2>/dev/null
  while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
  eend 0
}
`;

/** For cron: once, when it starts at boot. */
export const CRON_TABLE = `# Starts the hawser agent, where no init system does.
@reboot root setsid ${PATHS.supervisor} </dev/null >/dev/null 2>&1 &
`;

/** For System V init. */
export const SYSV_SCRIPT = `#!/bin/sh
### BEGIN INIT INFO
# Provides:          hawser
# Required-Start:    $network $remote_fs
# Required-Stop:     $network $remote_fs
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: hawser agent
### END INIT INFO
case "$1" in
  start) setsid ${PATHS.supervisor} </dev/null >/dev/null 2>&1 & ;;
  stop) [ ! -r /run/hawser-supervisor.pid ] || kill -TERM "$(cat /run/hawser-supervisor.pid)" ;;
  restart) "$0" stop; while [ -e /run/hawser-supervisor.pid ]; do sleep 0.2; done; "$0" start ;;
  status) [ -e /run/hawser-supervisor.pid ] && kill -0 "$(cat /run/hawser-supervisor.pid)" ;;
esac
`;
