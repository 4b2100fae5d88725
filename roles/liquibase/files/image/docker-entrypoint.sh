#!/bin/sh
# As the vendor's: a command of the system is run as it is, everything else goes to Liquibase.
set -eu
case "${1:-}" in
  liquibase) shift ;;
  history | init) ;;
  -* | "") ;;
  *) if command -v "$1" >/dev/null 2>&1; then exec "$@"; fi ;;
esac
exec /liquibase/liquibase "$@"
