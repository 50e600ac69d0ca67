#!/bin/sh
# Makes the secrets that docker-compose.yml mounts, each once; keeps what is there.
#
# The folder is closed to others on this machine. The files in it are readable, because
# compose mounts them as they are, and the programs in the containers have users of their own.
set -eu
folder=${1:-$(dirname "$0")/secrets}
umask 077
mkdir -p "$folder"
chmod 0700 "$folder"
for name in app_token control_token grafana_password; do
    [ -s "$folder/$name" ] || head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \n' > "$folder/$name"
done
# only the `live` profile reads it; an empty one fails the login
[ -e "$folder/tws_password" ] || : > "$folder/tws_password"
chmod 0444 "$folder"/app_token "$folder"/control_token "$folder"/grafana_password
chmod 0644 "$folder"/tws_password
echo "secrets are in $folder; for --profile live write your paper password into $folder/tws_password"
