#!/bin/sh
# Deploys an app from CI, waits for the verdict, and ends with the exit code of "hawser deploy". Needs Node's hawser, ssh-keygen and
# two private keys in the environment (the key itself, or the name of a file that has it):
#   HAWSER_SSH_KEY   logs in to the hosts; on them it may do nothing but forward to etcd's socket
#   HAWSER_SIGN_KEY  signs the deploy; the hosts have its public key in their allowed_signers
#
# usage: deploy.sh [DIRECTORY [FLEET-FILE [JUNIT-REPORT]]]
set -eu
umask 077

directory=${1:-.}
fleet=${2:-./fleet.yaml}
report=${3:-deploy.xml}

keys=$(mktemp -d)
trap 'rm -rf "$keys"' EXIT

# A secret may be the name of a file (GitLab), whose mode ssh-keygen would not accept.
save_key() {
  if [ -f "$1" ]; then cat "$1"; else printf '%s\n' "$1"; fi >"$2"
}
save_key "${HAWSER_SSH_KEY:?is not set}" "$keys/ssh"
save_key "${HAWSER_SIGN_KEY:?is not set}" "$keys/sign"
unset HAWSER_SSH_KEY HAWSER_SIGN_KEY

# In the background, so that a job that is cancelled ends hawser, which then still writes its report.
hawser deploy "$directory" --fleet "$fleet" --ssh-config none --ssh-id "$keys/ssh" --sign "$keys/sign" \
  --junit "$report" --yes </dev/null &
deploy=$!
trap 'kill -TERM "$deploy" 2>/dev/null || true' INT TERM HUP
while :; do
  code=0
  wait "$deploy" || code=$?
  kill -0 "$deploy" 2>/dev/null || exit "$code"
done
