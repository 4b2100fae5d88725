#!/bin/bash
# Makes the cluster once, then becomes the server. POSTGRES_PASSWORD_FILE names the file with the superuser's password.
set -euo pipefail

[[ ${1:-postgres} == -* ]] && set -- postgres "$@"
if [[ ${1:-postgres} != postgres ]]; then
    exec "$@"
fi

if [[ ! -s $PGDATA/PG_VERSION ]]; then
    : "${POSTGRES_PASSWORD_FILE:?names no file with the password of the superuser}"
    # Aside first: an interrupted initdb leaves a PG_VERSION, and would be taken for a cluster at the next start.
    new=$PGDATA/.initdb
    rm -rf "$new"
    # shellcheck disable=SC2086 # several arguments in one variable, as in the official image
    initdb --pgdata="$new" --username="${POSTGRES_USER:-postgres}" --pwfile="$POSTGRES_PASSWORD_FILE" \
        --auth=scram-sha-256 --no-instructions ${POSTGRES_INITDB_ARGS:-}
    printf "listen_addresses = '*'\n" >>"$new/postgresql.conf"
    printf 'host all all all scram-sha-256\n' >>"$new/pg_hba.conf"
    find "$new" -mindepth 1 -maxdepth 1 ! -name PG_VERSION -exec mv -t "$PGDATA" {} +
    mv "$new/PG_VERSION" "$PGDATA/"
    rmdir "$new"
fi

exec "${@:-postgres}"
