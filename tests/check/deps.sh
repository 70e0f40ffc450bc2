#!/bin/sh
# deps.sh build|check: installs what is missing of the packages for a build, or for the tests too.
# Debian (apt) only; as another user than root through sudo; anywhere else it names the packages and stops.
# A server that comes with a package is not started, and no database cluster is made: the tests start their own.
set -eu
build="gcc libc6-dev make pkg-config git ca-certificates python3 ncurses-base ncurses-bin openssh-client libncurses-dev libpq-dev
	libcurl4-openssl-dev libjansson-dev libssh2-1-dev libsqlite3-dev libyaml-dev libssl-dev zlib1g-dev"
check="$build clang clang-format clang-tidy libclang-rt-14-dev cppcheck binutils libcmocka-dev python3-venv tmux ncurses-term
	procps tzdata postgresql-15 openssh-server prometheus-alertmanager"
case ${1-build} in
build) packages=$build ;;
check) packages=$check ;;
*)
	echo "usage: deps.sh build|check" >&2
	exit 2
	;;
esac

missing=
if command -v dpkg-query >/dev/null 2>&1; then
	for package in $packages; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
	done
	[ -n "$missing" ] || exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
	# Not Debian: trust what pkg-config finds, else say what is wanted.
	pkg-config --exists libcurl jansson libssh2 sqlite3 yaml-0.1 libpq ncursesw libcrypto zlib 2>/dev/null && exit 0
	echo "This needs the following packages (Debian's names); install them and run make again:" $packages >&2
	exit 1
fi
sudo=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null 2>&1 || {
		echo "Missing packages:$missing. Install them as root (apt-get install$missing) and run make again." >&2
		exit 1
	}
	sudo=sudo
fi

undo=
restore() {
	[ -z "$undo" ] || eval "$undo"
}
trap restore EXIT
if [ "$1" = check ]; then
	# No service may start because we installed its package.
	if [ ! -e /usr/sbin/policy-rc.d ]; then
		printf '#!/bin/sh\nexit 101\n' | $sudo tee /usr/sbin/policy-rc.d >/dev/null
		$sudo chmod +x /usr/sbin/policy-rc.d
		undo="$undo $sudo rm -f /usr/sbin/policy-rc.d;"
	fi
	if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
		$sudo mkdir -p /etc/postgresql-common
		echo 'create_main_cluster = false' | $sudo tee /etc/postgresql-common/createcluster.conf >/dev/null
		undo="$undo $sudo sed -i '/^create_main_cluster = false\$/d' /etc/postgresql-common/createcluster.conf;"
	fi
fi
log=$(mktemp)
echo "installing:$missing" >&2
if ! { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold $missing; } >"$log" 2>&1 </dev/null; then
	cat "$log" >&2
	rm -f "$log"
	exit 1
fi
rm -f "$log"
